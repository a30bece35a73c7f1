package microsoft

import (
	"encoding/json"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/fault"
)

// TestRefusals plays the documented error answers to a read.
func TestRefusals(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/refusals.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Want   fault.Kind      `json:"want"`
		Status int             `json:"status"`
		Answer json.RawMessage `json:"answer"`
	}
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	for _, tt := range cases {
		t.Run(string(tt.Want)+"/"+string(tt.Answer), func(t *testing.T) {
			t.Parallel()
			client := script(t, exchange{want: "GET " + eventURL, query: stampQuery(), status: tt.Status, answer: string(tt.Answer)})
			_, err := client.ReadEvent(t.Context(), ref)
			f, ok := fault.As(err)
			if !ok || f.Kind != tt.Want || f.Status != tt.Status || f.Code == "" {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestRetryAfterPassedOn checks both forms of the header against the driver's clock.
func TestRetryAfterPassedOn(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"7": 7 * time.Second,
		noon.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second,
	} {
		client := script(t, exchange{want: "GET " + eventURL, query: stampQuery(), status: 429, answers: map[string]string{"Retry-After": value}, answer: "{}"})
		_, err := client.ReadEvent(t.Context(), ref)
		if !fault.Is(err, fault.RateLimited) || fault.RetryAfter(err) != want {
			t.Errorf("%s: %v, want %s", value, err, want)
		}
	}
}

func TestCode(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "rateLimitExceeded": "rateLimitExceeded", "push.webhookUrlNotHttps": "push.webhookUrlNotHttps",
		"two words": "", "a<b": "", "a?token=x": "", string(make([]byte, 65)): "",
	} {
		if got := code(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
