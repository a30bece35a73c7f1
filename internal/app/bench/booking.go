package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/calweave/calweave/contracts/cal"
)

// booking is a booking of half an hour in one calendar at each provider, on a day of its own as far as there are days.
func (s *stack) booking(n int) cal.Booking {
	const days = 180
	day := s.bench.clock.Now().AddDate(0, 0, 1+n%days).Format(cal.DateLayout)
	targets := []cal.Target{{CalendarID: s.calendars[n%len(s.calendars)].ID, Authoritative: true}}
	if len(s.others) > 0 {
		targets = append(targets, cal.Target{CalendarID: s.others[n%len(s.others)].ID})
	}
	return cal.Booking{
		Version: 1, Title: fmt.Sprintf("Intro call %d", n), Description: "Booked online", Location: "Room 4",
		Start:   cal.When{DateTime: day + "T10:00:00", TimeZone: zone},
		End:     cal.When{DateTime: day + "T10:30:00", TimeZone: zone},
		Targets: targets,
	}
}

// put is the request that hands a booking over.
func (s *stack) put(ctx context.Context, base, id string, n int) (*http.Request, error) {
	raw, err := json.Marshal(s.booking(n))
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, base+"/v1/bookings/"+id, bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	req.Header.Set("Content-Type", "application/json")
	return req, nil
}

// errRefused means that a request was answered 503: come back later.
var errRefused = errors.New("answered 503")

// do sends a request and wants an answer of 2xx.
func (s *stack) do(req *http.Request) error {
	resp, err := s.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // it was read to its end
	const limit = 1 << 20
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit))
	if err == nil && resp.StatusCode == http.StatusServiceUnavailable {
		return errRefused
	}
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %d %.300s", req.Method, req.URL.Path, resp.StatusCode, body)
	}
	return err
}

func decode(raw []byte, out any) error { return json.Unmarshal(raw, out) }
