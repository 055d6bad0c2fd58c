package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"time"
)

// objectMeta holds what the rig reads of the metadata of any object.
type objectMeta struct {
	Name              string            `json:"name"`
	Namespace         string            `json:"namespace"`
	UID               string            `json:"uid"`
	ResourceVersion   string            `json:"resourceVersion"`
	Labels            map[string]string `json:"labels"`
	Annotations       map[string]string `json:"annotations"`
	CreationTimestamp time.Time         `json:"creationTimestamp"`
	DeletionTimestamp *time.Time        `json:"deletionTimestamp"`
}

// api is the server of KUBECONFIG's current context.
type api struct {
	server string
	token  string
	client *http.Client
}

// newAPI reads KUBECONFIG through kubectl, whose user has a token and whose CA is a file (tests/harness/cluster).
func newAPI(ctx context.Context) (*api, error) {
	text, err := exec.CommandContext(ctx, "kubectl", "config", "view", "--minify", "--raw", "-o", "json").Output()
	if err != nil {
		return nil, fmt.Errorf("kubectl config view: %w", err)
	}
	var config struct {
		Clusters []struct {
			Cluster struct {
				Server    string `json:"server"`
				Authority string `json:"certificate-authority"`
			} `json:"cluster"`
		} `json:"clusters"`
		Users []struct {
			User struct {
				Token string `json:"token"`
			} `json:"user"`
		} `json:"users"`
	}
	if err := json.Unmarshal(text, &config); err != nil {
		return nil, err
	}
	if len(config.Clusters) != 1 || len(config.Users) != 1 {
		return nil, errors.New("the current context of KUBECONFIG has no cluster or user")
	}
	roots, err := readCertificates(config.Clusters[0].Cluster.Authority)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	return &api{
		server: config.Clusters[0].Cluster.Server,
		token:  config.Users[0].User.Token,
		client: &http.Client{Transport: transport},
	}, nil
}

func readCertificates(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no certificate", file)
	}
	return pool, nil
}

// do sends a request and returns the response's body, which the caller closes. Status codes from 300 are errors.
func (a *api) do(ctx context.Context, method, path, contentType string, body any) (io.ReadCloser, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, a.server+path, content)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+a.token)
	request.Header.Set("Content-Type", contentType)
	response, err := a.client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= 300 {
		text, _ := io.ReadAll(response.Body)
		response.Body.Close()
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	return response.Body, nil
}

// call is do for requests whose response does not matter.
func (a *api) call(ctx context.Context, method, path, contentType string, body any) error {
	response, err := a.do(ctx, method, path, contentType, body)
	if err != nil {
		return err
	}
	return response.Close()
}

// object is the metadata of an object and its whole JSON text.
type object struct {
	objectMeta
	text json.RawMessage
}

func (o *object) UnmarshalJSON(text []byte) error {
	var head struct {
		Metadata objectMeta `json:"metadata"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return err
	}
	o.objectMeta = head.Metadata
	o.text = append(json.RawMessage{}, text...)
	return nil
}

// store follows all objects of one resource.
type store struct {
	api     *api
	path    string
	changed func(object, bool) // called for each new, changed or deleted (true) object

	lock    sync.Mutex
	objects map[string]object
}

func newStore(a *api, path string, changed func(object, bool)) *store {
	return &store{api: a, path: path, changed: changed, objects: map[string]object{}}
}

// all decodes the objects, as they are now, into values of type T.
func all[T any](s *store) ([]T, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	values := make([]T, 0, len(s.objects))
	for _, each := range s.objects {
		var value T
		if err := json.Unmarshal(each.text, &value); err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}

func (s *store) set(each object, deleted bool) {
	s.lock.Lock()
	if deleted {
		delete(s.objects, each.UID)
	} else {
		s.objects[each.UID] = each
	}
	s.lock.Unlock()
	s.changed(each, deleted)
}

// list replaces all objects, and returns the version of the list.
func (s *store) list(ctx context.Context) (string, error) {
	body, err := s.api.do(ctx, http.MethodGet, s.path, "", nil)
	if err != nil {
		return "", err
	}
	defer body.Close()
	var found struct {
		Metadata objectMeta `json:"metadata"`
		Items    []object   `json:"items"`
	}
	if err := json.NewDecoder(body).Decode(&found); err != nil {
		return "", err
	}
	present := map[string]bool{}
	for _, each := range found.Items {
		present[each.UID] = true
		s.set(each, false)
	}
	s.lock.Lock()
	var gone []object
	for uid, each := range s.objects {
		if !present[uid] {
			gone = append(gone, each)
		}
	}
	s.lock.Unlock()
	for _, each := range gone {
		s.set(each, true)
	}
	return found.Metadata.ResourceVersion, nil
}

func (s *store) watch(ctx context.Context, version string) error {
	body, err := s.api.do(ctx, http.MethodGet, s.path+"?watch=true&resourceVersion="+version, "", nil)
	if err != nil {
		return err
	}
	defer body.Close()
	events := json.NewDecoder(body)
	for {
		var event struct {
			Type   string `json:"type"`
			Object object `json:"object"`
		}
		if err := events.Decode(&event); err != nil {
			return err
		}
		if event.Type == "ERROR" {
			return fmt.Errorf("watch of %s: %s", s.path, event.Object.text)
		}
		s.set(event.Object, event.Type == "DELETED")
	}
}

// follow returns when ctx ends. A watch that breaks off, which the server may do at any time, begins again.
func (s *store) follow(ctx context.Context) {
	for ctx.Err() == nil {
		version, err := s.list(ctx)
		if err == nil {
			err = s.watch(ctx, version)
		}
		if ctx.Err() == nil && !errors.Is(err, io.EOF) {
			fmt.Fprintln(os.Stderr, "rig:", err)
			time.Sleep(200 * time.Millisecond)
		}
	}
}
