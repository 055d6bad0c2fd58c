package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
)

// session is a client that has a cookie.
type session struct {
	Cookie string `json:"cookie"`
	Pod    string `json:"pod"`
}

// runSessions begins sessions, and writes them to the file. If the file exists, it continues the sessions instead, and
// prints how many clients moved to another pod: `none-moved` or `some-moved`.
func runSessions(ctx context.Context, planeText, url, file string) error {
	p, err := newPlane(planeText)
	if err != nil {
		return err
	}
	a := &asker{plane: p, url: url}
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return beginSessions(ctx, a, file)
	}
	if err != nil {
		return err
	}
	var sessions []session
	if err := json.Unmarshal(text, &sessions); err != nil {
		return err
	}
	moved := "none-moved"
	for _, each := range sessions {
		a.headers = []string{"Cookie:" + each.Cookie}
		_, pod, err := a.session(ctx)
		if err != nil {
			return err
		}
		if pod != each.Pod {
			moved = "some-moved"
		}
	}
	fmt.Println(moved)
	return nil
}

func beginSessions(ctx context.Context, a *asker, file string) error {
	var sessions []session
	for range attempts {
		cookies, pod, err := a.session(ctx)
		if err != nil {
			return err
		}
		if len(cookies) != 1 {
			return fmt.Errorf("%d cookies instead of one", len(cookies))
		}
		sessions = append(sessions, session{cookies[0].Name + "=" + cookies[0].Value, pod})
	}
	text, err := json.Marshal(sessions)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

// session sends a request, and returns the cookies that are set and the pod that answers.
func (a *asker) session(ctx context.Context) ([]*http.Cookie, string, error) {
	response, err := a.request(ctx, 1)
	if err != nil {
		return nil, "", err
	}
	pod, err := podOf(response)
	return response.Cookies(), pod, err
}
