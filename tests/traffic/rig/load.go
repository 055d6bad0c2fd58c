package main

import (
	"context"
	"fmt"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	loadWorkers = 4
	loadWork    = "100ms"
)

// load counts what became of requests.
type load struct {
	lock     sync.Mutex
	answered map[string]int // by module
	lost     map[string]int // by reason
	unrouted int            // how many more may arrive while their route is deleted
}

func (l *load) add(into map[string]int, what string) {
	l.lock.Lock()
	defer l.lock.Unlock()
	into[what]++
}

// addUnrouted returns false if there were too many.
func (l *load) addUnrouted() bool {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.unrouted--
	return l.unrouted >= 0
}

// send sends a POST request, which a proxy must not repeat, and on a new connection.
func (l *load) send(p *plane, url string) {
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader("x"))
	if err != nil {
		l.add(l.lost, err.Error())
		return
	}
	request.Header.Set(headerWork, loadWork)
	response, err := p.client("").Do(request)
	if err != nil {
		l.add(l.lost, err.Error())
		return
	}
	response.Body.Close()
	if response.StatusCode == http.StatusServiceUnavailable && response.ContentLength == 0 && l.addUnrouted() {
		return
	}
	if response.StatusCode != http.StatusOK {
		l.add(l.lost, response.Status)
		return
	}
	l.add(l.answered, response.Header.Get(headerModule))
}

// runLoad prints a line `MODULE N` for each module that answered, and fails if a request was lost. `unrouted` is how
// many may arrive while their route is deleted: Envoy Gateway removes its cluster a moment before, and Envoy answers 503
// without a body then (cluster_not_found). Its other answers of status 503 have one.
func runLoad(ctx context.Context, planeText, url, unrouted string) error {
	p, err := newPlane(planeText)
	if err != nil {
		return err
	}
	unroutedMax, err := strconv.Atoi(unrouted)
	if err != nil {
		return err
	}
	l := &load{answered: map[string]int{}, lost: map[string]int{}, unrouted: unroutedMax}
	var workers sync.WaitGroup
	for range loadWorkers {
		workers.Go(func() {
			for ctx.Err() == nil {
				l.send(p, url)
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	workers.Wait()
	for _, module := range sorted(l.answered) {
		fmt.Println(module, l.answered[module])
	}
	if len(l.lost) == 0 {
		return nil
	}
	var reasons []string
	for _, reason := range sorted(l.lost) {
		reasons = append(reasons, fmt.Sprintf("%d: %s", l.lost[reason], reason))
	}
	return fmt.Errorf("requests to %s were lost: %s", url, strings.Join(reasons, "; "))
}

func sorted(counts map[string]int) []string {
	var names []string
	for name := range counts {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
