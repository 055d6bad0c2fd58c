package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

// Time that a container takes from its start until it listens.
const startTime = time.Second

// Probes come more often than periodSeconds, to save time.
const probePeriod = 200 * time.Millisecond

type probe struct {
	HTTPGet *struct {
		Path string     `json:"path"`
		Port portNumber `json:"port"`
	} `json:"httpGet"`
	TCPSocket *struct {
		Port portNumber `json:"port"`
	} `json:"tcpSocket"`
	GRPC *struct {
		Port int `json:"port"`
	} `json:"grpc"`
	Exec         *struct{} `json:"exec"`
	InitialDelay int       `json:"initialDelaySeconds"`
}

type containerPort struct {
	Name string `json:"name"`
	Port int    `json:"containerPort"`
}

type container struct {
	Name      string          `json:"name"`
	Image     string          `json:"image"`
	Ports     []containerPort `json:"ports"`
	Readiness *probe          `json:"readinessProbe"`
	Lifecycle struct {
		PreStop struct {
			Sleep struct {
				Seconds int `json:"seconds"`
			} `json:"sleep"`
		} `json:"preStop"`
	} `json:"lifecycle"`
}

type podSpec struct {
	NodeName   string      `json:"nodeName"`
	Containers []container `json:"containers"`
}

// portNumber is a number, or the name of a port of the container.
type portNumber string

func (p *portNumber) UnmarshalJSON(text []byte) error {
	if text[0] != '"' {
		*p = portNumber(text)
		return nil
	}
	return json.Unmarshal(text, (*string)(p))
}

func (p portNumber) in(c *container) string {
	for _, port := range c.Ports {
		if port.Name == string(p) {
			return strconv.Itoa(port.Port)
		}
	}
	return string(p)
}

// pod is a pod that runs here. Its address is never used again, so a request that comes too late is refused.
type pod struct {
	objectMeta
	spec    podSpec
	address string
	server  *podServer
	stop    context.CancelFunc // ends the wait for readiness
	ending  bool
}

// kubelet runs the pods of the only node. As on a real node, a pod answers at its own address and only at the
// ports of its containers; not until startTime has passed, whatever its status says; and not after SIGTERM,
// which ends a program that does not handle it together with its connections. preStop postpones the signal.
type kubelet struct {
	api     *api
	network *podNetwork
	lock    sync.Mutex
	pods    map[string]*pod // by uid
	next    int
}

func runPods(ctx context.Context) error {
	a, err := newAPI(ctx)
	if err != nil {
		return err
	}
	network, err := newPodNetwork()
	if err != nil {
		return err
	}
	k := &kubelet{api: a, network: network, pods: map[string]*pod{}}
	newStore(a, "/api/v1/pods", func(o object, deleted bool) { k.sync(ctx, o, deleted) }).follow(ctx)
	return nil
}

func report(p *pod, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintf(os.Stderr, "rig: pod %s/%s: %v\n", p.Namespace, p.Name, err)
	}
}

func (k *kubelet) sync(ctx context.Context, o object, deleted bool) {
	k.lock.Lock()
	defer k.lock.Unlock()
	running := k.pods[o.UID]
	switch {
	case deleted && running != nil:
		running.stop()
		running.server.close()
		delete(k.pods, o.UID)
	case deleted:
	case running == nil && o.DeletionTimestamp != nil:
		// It never ran.
		go func() { report(&pod{objectMeta: o.objectMeta}, k.remove(ctx, o.objectMeta)) }()
	case running == nil:
		k.add(ctx, o)
	case o.DeletionTimestamp != nil && !running.ending:
		running.ending = true
		go func() { report(running, k.end(ctx, running)) }()
	}
}

func (k *kubelet) add(ctx context.Context, o object) {
	var decoded struct {
		Spec podSpec `json:"spec"`
	}
	p := &pod{objectMeta: o.objectMeta}
	if err := json.Unmarshal(o.text, &decoded); err != nil {
		report(p, err)
		return
	}
	if decoded.Spec.NodeName == "" {
		return
	}
	k.next++
	p.spec = decoded.Spec
	p.address = fmt.Sprintf("10.244.%d.%d", k.next/250, k.next%250+1)
	p.server = newPodServer(p, k.network)
	starting, stop := context.WithCancel(ctx)
	p.stop = stop
	k.pods[p.UID] = p
	go func() { report(p, k.start(starting, p)) }()
}

// start returns when the pod is ready.
func (k *kubelet) start(ctx context.Context, p *pod) error {
	time.AfterFunc(startTime, func() { report(p, p.server.listen()) })
	if err := k.setStatus(ctx, p, false); err != nil {
		return err
	}
	delay := 0
	for _, each := range p.spec.Containers {
		if each.Readiness != nil {
			delay = max(delay, each.Readiness.InitialDelay)
		}
	}
	if err := sleep(ctx, time.Duration(delay)*time.Second); err != nil {
		return err
	}
	for !p.isReady(ctx) {
		if err := sleep(ctx, probePeriod); err != nil {
			return err
		}
	}
	return k.setStatus(ctx, p, true)
}

func sleep(ctx context.Context, duration time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(duration):
		return nil
	}
}

// isReady runs the readiness probes. Those that run a command succeed, because there are no files.
func (p *pod) isReady(ctx context.Context) bool {
	for i := range p.spec.Containers {
		if c := &p.spec.Containers[i]; c.Readiness != nil && !p.passes(ctx, c, c.Readiness) {
			return false
		}
	}
	return true
}

func (p *pod) passes(ctx context.Context, c *container, probe *probe) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	switch {
	case probe.HTTPGet != nil:
		request, err := http.NewRequestWithContext(ctx, http.MethodGet,
			"http://"+net.JoinHostPort(p.address, probe.HTTPGet.Port.in(c))+probe.HTTPGet.Path, nil)
		if err != nil {
			return false
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode < 400
	case probe.TCPSocket != nil:
		return accepts(ctx, net.JoinHostPort(p.address, probe.TCPSocket.Port.in(c)))
	case probe.GRPC != nil:
		return accepts(ctx, net.JoinHostPort(p.address, strconv.Itoa(probe.GRPC.Port)))
	}
	return true
}

func accepts(ctx context.Context, address string) bool {
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	connection.Close()
	return true
}

func (k *kubelet) setStatus(ctx context.Context, p *pod, ready bool) error {
	type fields = map[string]any
	now := time.Now().UTC().Format(time.RFC3339)
	condition := map[bool]string{true: "True", false: "False"}[ready]
	containers := []fields{}
	for _, each := range p.spec.Containers {
		containers = append(containers, fields{
			"name": each.Name, "image": each.Image, "imageID": "", "ready": ready, "started": true,
			"restartCount": 0, "state": fields{"running": fields{"startedAt": now}},
		})
	}
	conditions := []fields{}
	for _, name := range []string{"Initialized", "ContainersReady", "Ready"} {
		status := condition
		if name == "Initialized" {
			status = "True"
		}
		conditions = append(conditions, fields{"type": name, "status": status, "lastTransitionTime": now})
	}
	return k.api.call(ctx, http.MethodPatch, p.path()+"/status", "application/strategic-merge-patch+json",
		fields{"status": fields{
			"phase": "Running", "startTime": now, "podIP": p.address, "podIPs": []fields{{"ip": p.address}},
			"conditions": conditions, "containerStatuses": containers,
		}})
}

func (p *pod) path() string { return "/api/v1/namespaces/" + p.Namespace + "/pods/" + p.Name }

// end stops the pod as a kubelet does: preStop, SIGTERM, and then the pod is removed.
func (k *kubelet) end(ctx context.Context, p *pod) error {
	delay := 0
	for _, each := range p.spec.Containers {
		delay = max(delay, each.Lifecycle.PreStop.Sleep.Seconds)
	}
	if err := sleep(ctx, time.Duration(delay)*time.Second); err != nil {
		return err
	}
	p.stop()
	p.server.close()
	return k.remove(ctx, p.objectMeta)
}

func (k *kubelet) remove(ctx context.Context, m objectMeta) error {
	return k.api.call(ctx, http.MethodDelete, (&pod{objectMeta: m}).path(), "application/json", map[string]any{
		"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0,
		"preconditions": map[string]string{"uid": m.UID},
	})
}
