package google

import (
	"crypto/sha256"
	"encoding/base32"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/calweave/calweave/internal/sim/stage"
)

// The resource states that a message can name.
const (
	stateSync   = "sync"
	stateExists = "exists"
	// stateNotExists says that what a channel watches is gone.
	stateNotExists = "not_exists"
)

// resourceOf is the opaque name of what a channel watches: the same for all channels of one account on one calendar or list.
func resourceOf(watched, account string) string {
	sum := sha256.Sum256([]byte(watched + "\n" + account))
	return strings.ToLower(base32.HexEncoding.EncodeToString(sum[:]))[:27]
}

// alive reports whether the channel is open.
func (s *Server) alive(ch *channel) bool {
	return ch.stopped.IsZero() && s.world.Now().Before(ch.expires)
}

// sends reports whether the channel is alive, or was until a moment ago.
func (s *Server) sends(ch *channel) bool {
	end := ch.expires
	if !ch.stopped.IsZero() && ch.stopped.Before(end) {
		end = ch.stopped
	}
	return s.world.Now().Before(end.Add(time.Duration(s.world.Switches().Google.LingerSeconds) * time.Second))
}

func (ch *channel) stop(now time.Time) { ch.stopped = now }

// push tells every channel of the list that is alive. s.mu is held.
func (s *Server) push(to *[]*channel, state string) {
	*to = slices.DeleteFunc(*to, func(ch *channel) bool { return !s.sends(ch) })
	for _, ch := range *to {
		s.tell(ch, state)
	}
}

// early tells the person's channels of a change that is not there yet.
func (s *Server) early(email string) (tried []<-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[strings.ToLower(email)]
	if a == nil {
		return nil
	}
	for _, id := range a.seen.From(0) {
		for _, ch := range a.entries[id].calendar.channels {
			if s.alive(ch) && strings.EqualFold(ch.account, email) {
				tried = append(tried, s.tell(ch, stateExists))
			}
		}
	}
	return tried
}

// tell queues one message (https://developers.google.com/workspace/calendar/api/guides/push#receiving-notifications). The number of a
// channel's sync message is 1; those of the others rise with gaps. s.mu is held.
func (s *Server) tell(ch *channel, state string) <-chan struct{} {
	number := uint64(1)
	if state != stateSync {
		ch.number += 1 + s.world.IDs.Number(3)
		number = ch.number
	}
	h := http.Header{
		"User-Agent":                {"APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)"},
		"X-Goog-Channel-Id":         {ch.id},
		"X-Goog-Message-Number":     {strconv.FormatUint(number, 10)},
		"X-Goog-Resource-Id":        {ch.resource},
		"X-Goog-Resource-State":     {state},
		"X-Goog-Resource-Uri":       {ch.resourceURI},
		"X-Goog-Channel-Expiration": {ch.expires.UTC().Format(http.TimeFormat)},
	}
	if ch.token != "" {
		h.Set("X-Goog-Channel-Token", ch.token)
	}
	push := stage.Push{Provider: stage.Google, Account: ch.account, Channel: ch.id, Kind: state, URL: ch.address, Header: h, Judge: judge}
	push.Stranger = func() stage.Push {
		guess := push
		guess.Header = h.Clone()
		guess.Header.Set("X-Goog-Channel-Token", "guessed")
		return guess
	}
	return s.world.Pusher.Send(push)
}

// judge says which answers count
// (https://developers.google.com/workspace/calendar/api/guides/push#responding-to-notifications). No answer at all is taken as 503.
func judge(status int) stage.PushVerdict {
	switch status {
	case 200, 201, 202, 204, 102:
		return stage.PushDelivered
	case 0, 500, 502, 503, 504:
		return stage.PushRetry
	default:
		return stage.PushGivenUp
	}
}
