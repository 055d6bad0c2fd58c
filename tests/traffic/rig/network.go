package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// podNetwork is a network namespace in which every address of pods is local, so that a pod may listen on any port,
// including those of the control plane and the data planes. A pair of interfaces connects it with this namespace.
type podNetwork struct {
	calls chan func()
}

// newPodNetwork creates the namespace. It ends with this process.
func newPodNetwork() (*podNetwork, error) {
	network := &podNetwork{calls: make(chan func())}
	created := make(chan error)
	go network.serve(created)
	if err := <-created; err != nil {
		return nil, err
	}
	var path string
	network.run(func() { path = fmt.Sprintf("/proc/%d/task/%d/ns/net", os.Getpid(), unix.Gettid()) })
	if err := commands(
		"ip link add pods type veth peer name node netns "+path,
		"ip address add 169.254.1.1/30 dev pods",
		"ip link set pods up",
	); err != nil {
		return nil, err
	}
	var err error
	network.run(func() {
		err = commands(
			"ip link set lo up",
			"ip address add 169.254.1.2/30 dev node",
			"ip link set node up",
			"ip route add default via 169.254.1.1",
			"ip route add local 10.244.0.0/16 dev lo",
		)
	})
	if err != nil {
		return nil, err
	}
	return network, commands("ip route add 10.244.0.0/16 via 169.254.1.2")
}

func commands(lines ...string) error {
	for _, line := range lines {
		words := strings.Fields(line)
		if output, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", line, err, output)
		}
	}
	return nil
}

// serve runs calls in a thread that has entered the namespace, and never leaves it.
func (n *podNetwork) serve(created chan<- error) {
	runtime.LockOSThread()
	created <- unix.Unshare(unix.CLONE_NEWNET)
	for call := range n.calls {
		call()
	}
}

// run runs a function in the namespace.
func (n *podNetwork) run(call func()) {
	done := make(chan struct{})
	n.calls <- func() {
		call()
		close(done)
	}
	<-done
}

// listen is net.Listen in the namespace.
func (n *podNetwork) listen(address string) (listener net.Listener, err error) {
	n.run(func() { listener, err = net.Listen("tcp", address) })
	return listener, err
}
