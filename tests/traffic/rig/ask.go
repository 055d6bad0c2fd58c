package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	attempts = 24 // requests of a question about pods
	parallel = 8  // questions at the same time
)

// asker asks one question: its words after the verb.
type asker struct {
	plane   *plane
	url     string // for get, pods and cookie; {n} is the number of the request
	source  string
	headers []string
	silent  time.Duration
	method  string
}

// The verbs of questions, and the form of their answers.
var verbs = map[string]func(context.Context, *asker) (string, error){
	"get":       askGet,       // MODULE PATH, as it arrived; else the status, and where a redirect leads
	"pods":      askPods,      // `1 pod` or `several pods`: who answers 24 requests
	"cors":      askCORS,      // the origin, credentials, methods and maximum age of a preflight request's response
	"cookie":    askCookie,    // attributes of the cookie, and who answers clients that send it back
	"tls":       askTLS,       // names of the certificate, if it is valid, and the protocol
	"websocket": askWebsocket, // MODULE PATH, as it arrived, if messages come back
	"grpc":      askGRPC,      // MODULE, `1 pod` or `several pods`
}

func newAsker(p *plane, words []string) (*asker, error) {
	a := &asker{plane: p, method: http.MethodGet}
	flags := flag.NewFlagSet("question", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&a.source, "from", "", "address of the client")
	flags.DurationVar(&a.silent, "silent", 0, "time without a message")
	flags.Func("H", "header", func(text string) error {
		a.headers = append(a.headers, text)
		return nil
	})
	if len(words) == 0 {
		return nil, errors.New("no address")
	}
	a.url = words[0]
	if err := flags.Parse(words[1:]); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected %q", flags.Arg(0))
	}
	return a, nil
}

// request sends the request with a number. The caller closes the response's body.
func (a *asker) request(ctx context.Context, number int) (*http.Response, error) {
	with := func(text string) string { return strings.ReplaceAll(text, "{n}", strconv.Itoa(number)) }
	request, err := http.NewRequestWithContext(ctx, a.method, with(a.url), nil)
	if err != nil {
		return nil, err
	}
	for _, header := range a.headers {
		name, value, _ := strings.Cut(with(header), ":")
		request.Header.Add(name, value)
	}
	return a.plane.client(with(a.source)).Do(request)
}

// askCORS sends the preflight request of a browser. The values are in one form, because their spaces and order have
// no meaning.
func askCORS(ctx context.Context, a *asker) (string, error) {
	a.method = http.MethodOptions
	response, err := a.request(ctx, 1)
	if err != nil {
		return "", err
	}
	response.Body.Close()
	value := func(name string) string { return response.Header.Get("Access-Control-" + name) }
	if value("Allow-Origin") == "" {
		return "none", nil
	}
	methods := strings.Split(strings.ReplaceAll(value("Allow-Methods"), " ", ""), ",")
	sort.Strings(methods)
	answer := []string{value("Allow-Origin"), strings.Join(methods, ","), value("Max-Age")}
	if value("Allow-Credentials") == "true" {
		answer = append(answer, "credentials")
	}
	return strings.Join(answer, " "), nil
}

func askGet(ctx context.Context, a *asker) (string, error) {
	response, err := a.request(ctx, 1)
	if err != nil {
		return "", err
	}
	response.Body.Close()
	switch {
	case response.StatusCode == http.StatusOK:
		return response.Header.Get(headerModule) + " " + response.Header.Get(headerPath), nil
	case response.Header.Get("Location") != "":
		return fmt.Sprint(response.StatusCode, " ", response.Header.Get("Location")), nil
	}
	return strconv.Itoa(response.StatusCode), nil
}

// count says how many pods there are, without a number that chance decides.
func count(pods map[string]bool) string {
	if len(pods) == 1 {
		return "1 pod"
	}
	return "several pods"
}

func podOf(response *http.Response) (string, error) {
	response.Body.Close()
	if pod := response.Header.Get(headerPod); pod != "" {
		return pod, nil
	}
	return "", fmt.Errorf("status %d instead of an answer of a pod", response.StatusCode)
}

func askPods(ctx context.Context, a *asker) (string, error) {
	pods := map[string]bool{}
	for number := 1; number <= attempts; number++ {
		response, err := a.request(ctx, number)
		if err != nil {
			return "", err
		}
		pod, err := podOf(response)
		if err != nil {
			return "", err
		}
		pods[pod] = true
	}
	return count(pods), nil
}

// askCookie is several clients: each gets a cookie and sends it back.
func askCookie(ctx context.Context, a *asker) (string, error) {
	const clients, requests = 12, 6
	attributes, pods := "", map[string]bool{}
	for range clients {
		client := *a
		cookies, pod, err := client.session(ctx)
		if err != nil {
			return "", err
		}
		if len(cookies) != 1 {
			return fmt.Sprint(len(cookies), " cookies"), nil
		}
		pods[pod] = true
		attributes = describe(cookies[0])
		client.headers = append([]string{"Cookie:" + cookies[0].Name + "=" + cookies[0].Value}, a.headers...)
		for range requests {
			if _, next, err := client.session(ctx); err != nil || next != pod {
				return attributes + ", not honoured", err
			}
		}
	}
	return attributes + ", honoured, " + count(pods), nil
}

func describe(cookie *http.Cookie) string {
	words := []string{cookie.Name}
	if cookie.MaxAge != 0 {
		words = append(words, fmt.Sprint("Max-Age=", cookie.MaxAge))
	}
	if cookie.Path != "" {
		words = append(words, "Path="+cookie.Path)
	}
	return strings.Join(words, " ")
}

func askTLS(ctx context.Context, a *asker) (string, error) {
	connection, err := a.plane.handshake(ctx, a.url, "h2", "http/1.1")
	if err != nil {
		return "", err
	}
	defer connection.Close()
	state := connection.ConnectionState()
	names := state.PeerCertificates[0].DNSNames
	sort.Strings(names)
	return strings.Join(names, " ") + " " + state.NegotiatedProtocol, nil
}

func answer(ctx context.Context, p *plane, text string) (string, error) {
	words := strings.Fields(text)
	verb, found := verbs[words[0]]
	if !found {
		return "", fmt.Errorf("unknown verb %q", words[0])
	}
	a, err := newAsker(p, words[1:])
	if err != nil {
		return "", err
	}
	return verb(ctx, a)
}

// runAsk asks all questions and prints the answers: one line each, `QUESTION|ANSWER`. It fails if any is wrong.
func runAsk(ctx context.Context, planeText, table string) error {
	p, err := newPlane(planeText)
	if err != nil {
		return err
	}
	questions, err := readTable(table, p.name)
	if err != nil {
		return err
	}
	answers := make([]string, len(questions))
	free := make(chan struct{}, parallel)
	var group sync.WaitGroup
	for i, each := range questions {
		group.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			got, err := answer(ctx, p, each.text)
			if err != nil {
				got = "error: " + strings.ReplaceAll(err.Error(), "\n", " ")
			}
			answers[i] = got
		})
	}
	group.Wait()
	wrong := 0
	for i, each := range questions {
		fmt.Printf("%s|%s\n", each.text, answers[i])
		if answers[i] != each.answer {
			wrong++
			fmt.Fprintf(os.Stderr, "%s:%d: %s: %s: answers %q, not %q\n",
				table, each.line, p.name, each.text, answers[i], each.answer)
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d answers of %s are wrong", wrong, len(questions), p.name)
	}
	return nil
}
