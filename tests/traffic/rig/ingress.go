package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"syscall"
	"time"
)

const annotationPrefix = "nginx.ingress.kubernetes.io/"

type ingressBackend struct {
	Service struct {
		Name string `json:"name"`
		Port struct {
			Name   string `json:"name"`
			Number int    `json:"number"`
		} `json:"port"`
	} `json:"service"`
}

type ingressPath struct {
	Path     string         `json:"path"`
	PathType string         `json:"pathType"`
	Backend  ingressBackend `json:"backend"`
}

type ingress struct {
	Metadata objectMeta `json:"metadata"`
	Spec     struct {
		Class          string          `json:"ingressClassName"`
		DefaultBackend *ingressBackend `json:"defaultBackend"`
		TLS            []struct {
			Hosts  []string `json:"hosts"`
			Secret string   `json:"secretName"`
		} `json:"tls"`
		Rules []struct {
			Host string `json:"host"`
			HTTP struct {
				Paths []ingressPath `json:"paths"`
			} `json:"http"`
		} `json:"rules"`
	} `json:"spec"`
}

// setting returns the value of an annotation of ingress-nginx.
func (i *ingress) setting(name string) string { return i.Metadata.Annotations[annotationPrefix+name] }

type service struct {
	Metadata objectMeta `json:"metadata"`
	Spec     struct {
		Ports []struct {
			Name string `json:"name"`
			Port int    `json:"port"`
		} `json:"ports"`
	} `json:"spec"`
}

type endpointSlice struct {
	Metadata objectMeta `json:"metadata"`
	Ports    []struct {
		Name string `json:"name"`
		Port int    `json:"port"`
	} `json:"ports"`
	Endpoints []struct {
		Addresses  []string `json:"addresses"`
		Conditions struct {
			Ready *bool `json:"ready"`
		} `json:"conditions"`
	} `json:"endpoints"`
}

type secret struct {
	Metadata objectMeta        `json:"metadata"`
	Data     map[string][]byte `json:"data"`
}

// cluster is a snapshot of what an ingress controller reads.
type cluster struct {
	ingresses []ingress // of the class, oldest first
	services  []service
	slices    []endpointSlice
	secrets   []secret
}

// endpoints returns the addresses of the ready pods of a backend, sorted.
func (c *cluster) endpoints(namespace string, b *ingressBackend) []string {
	name := c.portName(namespace, b)
	var found []string
	for _, slice := range c.slices {
		if slice.Metadata.Namespace != namespace ||
			slice.Metadata.Labels["kubernetes.io/service-name"] != b.Service.Name {
			continue
		}
		for _, port := range slice.Ports {
			for _, endpoint := range slice.Endpoints {
				ready := endpoint.Conditions.Ready
				if port.Name == name && (ready == nil || *ready) {
					found = append(found, endpoint.Addresses[0]+":"+strconv.Itoa(port.Port))
				}
			}
		}
	}
	sort.Strings(found)
	return found
}

// portName returns the name of the Service's port; EndpointSlices have the same name.
func (c *cluster) portName(namespace string, b *ingressBackend) string {
	for _, each := range c.services {
		if each.Metadata.Namespace != namespace || each.Metadata.Name != b.Service.Name {
			continue
		}
		for _, port := range each.Spec.Ports {
			if port.Port == b.Service.Port.Number || b.Service.Port.Name != "" && port.Name == b.Service.Port.Name {
				return port.Name
			}
		}
	}
	return "none: the Service has no such port"
}

func (c *cluster) secret(namespace, name string) *secret {
	for i := range c.secrets {
		if c.secrets[i].Metadata.Namespace == namespace && c.secrets[i].Metadata.Name == name {
			return &c.secrets[i]
		}
	}
	return nil
}

// controller keeps nginx in step with the cluster.
type controller struct {
	directory string
	plane     *plane
	class     string
	stores    map[string]*store
	nginx     *exec.Cmd
	last      string
}

func (c *controller) snapshot() (*cluster, error) {
	found := &cluster{}
	var err error
	if found.ingresses, err = all[ingress](c.stores["ingresses"]); err != nil {
		return nil, err
	}
	if found.services, err = all[service](c.stores["services"]); err != nil {
		return nil, err
	}
	if found.slices, err = all[endpointSlice](c.stores["slices"]); err != nil {
		return nil, err
	}
	if found.secrets, err = all[secret](c.stores["secrets"]); err != nil {
		return nil, err
	}
	ours := found.ingresses[:0]
	for _, each := range found.ingresses {
		if each.Spec.Class == c.class {
			ours = append(ours, each)
		}
	}
	sort.Slice(ours, func(i, j int) bool {
		a, b := &ours[i].Metadata, &ours[j].Metadata
		if !a.CreationTimestamp.Equal(b.CreationTimestamp) {
			return a.CreationTimestamp.Before(b.CreationTimestamp)
		}
		return a.Namespace+"/"+a.Name < b.Namespace+"/"+b.Name
	})
	found.ingresses = ours
	return found, nil
}

// update writes nginx.conf, and starts nginx or has it read the file again. A configuration that nginx rejects is
// not used, as in ingress-nginx.
func (c *controller) update(ctx context.Context) error {
	snapshot, err := c.snapshot()
	if err != nil {
		return err
	}
	text, err := nginxConfig(snapshot, c.directory, c.plane)
	if err != nil || text == c.last {
		return err
	}
	c.last = text
	file := filepath.Join(c.directory, "nginx.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	arguments := []string{"-p", c.directory, "-e", "error.log", "-c", file}
	if output, err := exec.CommandContext(ctx, "nginx", append(arguments, "-t")...).CombinedOutput(); err != nil {
		return fmt.Errorf("nginx rejects its configuration: %s", output)
	}
	if c.nginx != nil {
		return c.nginx.Process.Signal(syscall.SIGHUP)
	}
	c.nginx = exec.Command("nginx", arguments...)
	c.nginx.Stderr = os.Stderr
	return c.nginx.Start()
}

func runIngress(ctx context.Context, directory, planeText, class string) error {
	p, err := parsePlane(planeText)
	if err != nil {
		return err
	}
	a, err := newAPI(ctx)
	if err != nil {
		return err
	}
	if directory, err = filepath.Abs(directory); err != nil {
		return err
	}
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return err
	}
	err = writeDefaultCertificate(filepath.Join(directory, "default.crt"), filepath.Join(directory, "default.key"))
	if err != nil {
		return err
	}
	changes := make(chan struct{}, 1)
	changed := func(object, bool) {
		select {
		case changes <- struct{}{}:
		default:
		}
	}
	c := &controller{directory: directory, plane: p, class: class, stores: map[string]*store{
		"ingresses": newStore(a, "/apis/networking.k8s.io/v1/ingresses", changed),
		"services":  newStore(a, "/api/v1/services", changed),
		"slices":    newStore(a, "/apis/discovery.k8s.io/v1/endpointslices", changed),
		"secrets":   newStore(a, "/api/v1/secrets", changed),
	}}
	for _, each := range c.stores {
		go each.follow(ctx)
	}
	return c.loop(ctx, changes)
}

// loop updates nginx after changes, at most every 100 ms, and ends it with ctx.
func (c *controller) loop(ctx context.Context, changes <-chan struct{}) error {
	for {
		select {
		case <-ctx.Done():
			if c.nginx == nil {
				return nil
			}
			if err := c.nginx.Process.Signal(syscall.SIGTERM); err != nil {
				return err
			}
			return c.nginx.Wait()
		case <-changes:
			if err := c.update(ctx); err != nil {
				fmt.Fprintln(os.Stderr, "rig:", err)
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
}
