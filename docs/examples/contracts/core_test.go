//go:build pact

// Package contracts shows a booking core's side of its contract with calweave, in Go; core.test.ts is the same in TypeScript.
package contracts

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pact-foundation/pact-go/v2/consumer"
	"github.com/pact-foundation/pact-go/v2/matchers"
	"github.com/pact-foundation/pact-go/v2/message"
	messages "github.com/pact-foundation/pact-go/v2/message/v4"
	"github.com/pact-foundation/pact-go/v2/models"
	"github.com/pact-foundation/pact-go/v2/provider"

	"github.com/calweave/calweave/contracts/cal"
	contract "github.com/calweave/calweave/contracts/message"
)

const pactDir = "pacts"

// book is what a core has to submit a booking with.
func book(ctx context.Context, url, key, id string, b cal.Booking) (token string, err error) {
	raw, err := json.Marshal(b)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url+"/v1/bookings/"+id, bytes.NewReader(raw))
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var answer struct {
		Token  string `json:"reservation_token"`
		Detail string `json:"detail"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return "", err
	}
	if resp.StatusCode/100 != 2 {
		return "", fmt.Errorf("%d: %s", resp.StatusCode, answer.Detail)
	}
	return answer.Token, nil
}

// The consumer's side of the HTTP API: runs the core's code against what it expects, and writes that into pacts/.
func TestBooking(t *testing.T) {
	pact, err := consumer.NewV4Pact(consumer.MockHTTPProviderConfig{Consumer: "my-core", Provider: "calweave-api", PactDir: pactDir})
	if err != nil {
		t.Fatal(err)
	}
	booking := cal.Booking{
		Version: 1, Title: "Check-up",
		Start:   cal.When{DateTime: "2027-04-05T09:00:00", TimeZone: "Europe/Rome"},
		End:     cal.When{DateTime: "2027-04-05T09:20:00", TimeZone: "Europe/Rome"},
		Targets: []cal.Target{{CalendarID: "cal_01"}},
	}
	err = pact.AddInteraction().
		Given("a calendar").
		UponReceiving("a new booking").
		WithRequest(http.MethodPut, "/v1/bookings/check-up-7", func(b *consumer.V4RequestBuilder) {
			b.Header("Authorization", matchers.Regex("Bearer a-key", "Bearer .+"))
			b.JSONBody(booking)
		}).
		WillRespondWith(http.StatusAccepted, func(b *consumer.V4ResponseBuilder) {
			b.JSONBody(matchers.Map{"id": matchers.Like("check-up-7"), "reservation_token": matchers.Regex("rsv_01", "rsv_[0-9a-f]+")})
		}).
		ExecuteTest(t, func(calweave consumer.MockServerConfig) error {
			token, err := book(t.Context(), fmt.Sprintf("http://%s:%d", calweave.Host, calweave.Port), "a-key", "check-up-7", booking)
			if token != "rsv_01" && err == nil {
				err = fmt.Errorf("the token is %q", token)
			}
			return err
		})
	if err != nil {
		t.Error(err)
	}
}

// The consumer's side of a message.
func TestMoved(t *testing.T) {
	pact, err := messages.NewAsynchronousPact(messages.Config{Consumer: "my-core", Provider: "calweave-messages", PactDir: pactDir})
	if err != nil {
		t.Fatal(err)
	}
	err = pact.AddAsynchronousMessage().
		Given("a booking that a person has moved").
		ExpectsToReceive("the message booking.moved").
		WithJSONContent(matchers.Map{"type": matchers.S("booking.moved"), "data": matchers.Like(map[string]any{
			"booking_id": "check-up-7", "diverged": true,
			"event": map[string]any{"start": map[string]any{"date_time": "2027-04-05T11:00:00+02:00"}},
		})}).
		ConsumedBy(func(m messages.AsynchronousMessage) error {
			var e contract.Envelope
			var moved contract.Changed
			err := json.Unmarshal(m.Contents, &e)
			if err == nil {
				err = json.Unmarshal(e.Data, &moved)
			}
			if err != nil || moved.BookingID != "check-up-7" || moved.Event.Start.DateTime == "" {
				return fmt.Errorf("%+v, %v", moved, err)
			}
			return nil
		}).Verify(t)
	if err != nil {
		t.Error(err)
	}
}

// The provider's side: verifies what the two above have written against the calweave of make run.
func TestCalweaveKeepsIt(t *testing.T) {
	url, key, calendar := os.Getenv("URL"), os.Getenv("KEY"), os.Getenv("CALENDAR")
	if url == "" || key == "" || calendar == "" {
		t.Skip("URL, KEY and CALENDAR are not set: while make run is up, source .run/dev.env")
	}
	// make run has brought both states about.
	there := func(bool, models.ProviderState) (models.ProviderStateResponse, error) { return nil, nil }
	booking := fmt.Sprintf("check-up-%d", time.Now().UnixNano())
	err := provider.NewVerifier().VerifyProvider(t, provider.VerifyRequest{
		Provider: "calweave", ProviderBaseURL: url, FailIfNoPactsFound: true,
		PactFiles:     []string{pactDir + "/my-core-calweave-api.json", pactDir + "/my-core-calweave-messages.json"},
		StateHandlers: models.StateHandlers{"a calendar": there, "a booking that a person has moved": there},
		RequestFilter: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					http.Error(w, err.Error(), http.StatusBadRequest)
					return
				}
				body = bytes.ReplaceAll(body, []byte("cal_01"), []byte(calendar))
				r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
				r.URL.Path = strings.Replace(r.URL.Path, "check-up-7", booking, 1)
				r.Header.Set("Authorization", "Bearer "+key)
				next.ServeHTTP(w, r)
			})
		},
		MessageHandlers: message.Handlers{"the message booking.moved": func([]models.ProviderState) (message.Body, message.Metadata, error) {
			raw, err := newest(t.Context(), url, key, contract.BookingMoved)
			return raw, message.Metadata{"contentType": "application/json"}, err
		}},
	})
	if err != nil {
		t.Error(err)
	}
}

// newest is the newest message of a type, as calweave has sent it.
func newest(ctx context.Context, url, key string, kind contract.Type) (found json.RawMessage, err error) {
	for cursor := ""; ; {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/v1/messages?limit=100"+cursor, http.NoBody)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Authorization", "Bearer "+key)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, err
		}
		var page struct {
			Messages []json.RawMessage `json:"messages"`
			Next     string            `json:"next_cursor"`
		}
		err = json.NewDecoder(resp.Body).Decode(&page)
		_ = resp.Body.Close()
		if err != nil {
			return nil, err
		}
		for _, raw := range page.Messages {
			var e contract.Envelope
			if json.Unmarshal(raw, &e) == nil && e.Type == kind {
				found = raw
			}
		}
		if len(page.Messages) == 0 {
			if found == nil {
				return nil, fmt.Errorf("calweave has sent no %s yet", kind)
			}
			return found, nil
		}
		cursor = "&after=" + page.Next
	}
}
