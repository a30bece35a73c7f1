//go:build pact

package pacts_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

func TestNothingPassesByAccident(t *testing.T) {
	const one = `{"description":"x","type":"Synchronous/HTTP","providerStates":[{"name":"a state"}],
		"request":{"method":"GET","path":"/"},"response":{"status":200}}`
	const pact = `{"consumer":{"name":"c"},"provider":{"name":"p"},"metadata":{"pactSpecification":{"version":"4.0"}},"interactions":`
	known := map[string]setup{"a state": func() (map[string]string, error) { return nil, nil }}
	for name, c := range map[string]struct {
		pact   string
		count  int
		states map[string]setup
		want   error
	}{
		"a pact as it should be":           {pact + "[" + one + "]}", 1, known, nil},
		"no interaction":                   {pact + "[]}", 0, known, errCount},
		"fewer interactions":               {pact + "[" + one + "]}", 2, known, errCount},
		"more interactions":                {pact + "[" + one + "," + one + "]}", 1, known, errCount},
		"a state that nobody brings about": {pact + "[" + one + "]}", 1, nil, errState},
		"a message that nobody makes":      {pact + `[{"description":"x","type":"Asynchronous/Messages"}]}`, 1, known, errMessage},
	} {
		path := filepath.Join(t.TempDir(), "pact.json")
		if err := os.WriteFile(path, []byte(c.pact), 0o600); err != nil {
			t.Fatal(err)
		}
		file, all, err := readPact(path, c.count, &providerSide{states: c.states, handler: http.NotFoundHandler})
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if c.want != nil {
			continue
		}
		// A provider that answers otherwise, and a state that cannot be brought about.
		side := &providerSide{states: known, handler: http.NotFoundHandler}
		if v := side.verify(t, file, all[0], nil); !v.noticed() || v.diff == "" {
			t.Errorf("%s: 404 in the place of 200 passes: %+v", name, v)
		}
		broken := errors.New("broken")
		side.states = map[string]setup{"a state": func() (map[string]string, error) { return nil, broken }}
		side.handler = func() http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
		}
		if v := side.verify(t, file, all[0], nil); !errors.Is(v.err, broken) || v.noticed() {
			t.Errorf("%s: a state that failed passes: %+v", name, v)
		}
	}
}
