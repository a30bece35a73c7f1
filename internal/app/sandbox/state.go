package sandbox

import (
	"context"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The words of the examples in the pacts, for which a run has its own.
const (
	tokenWord        = "token-of-the-account"
	etagWord         = `"etag-of-the-event"`
	syncWord         = "token-of-the-last-listing"
	pageWord         = "token-of-the-next-page"
	calendarWord     = "id-of-the-calendar"
	eventWord        = "id-of-the-event"
	secondWord       = "id-of-the-second-occurrence"
	uidWord          = "uid-of-the-series@google.com"
	subscriptionWord = "id-of-the-subscription"
	resourceWord     = "id-of-the-resource"
	channelWord      = "channel-1"
	googleEventWord  = "acs1it1j4ib1u3851225dq0opjm0lqvhcrcc67okr2i25n7lb5u0"
	googleOwnerWord  = "ana@example.com"
	transactionWord  = "53381974-3324-861f-8d05-088456e818cc"
	keyWord          = "533819743324961f0d05088456e818ccec0aebf166d8c31f14d8a422dcf5597c"
	googleUntilWord  = "1788854400000"
	graphUntilWord   = "2026-09-04T08:00:00Z"
)

// life is how long channels are asked for, should their end not be reached.
const life = 2 * time.Hour

// scene is one interaction's state as it is brought about.
type scene struct {
	account  *Account
	calendar string
	words    map[string]string
	event    string
	end      func() error
}

// second notes the id of the one instance that is listed.
func (s *scene) second(ctx context.Context, path, list string) error {
	doc, err := s.account.ask(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	all, _ := doc[list].([]any)
	if len(all) != 1 {
		return fmt.Errorf("%s: %d instances are listed, want one", path, len(all))
	}
	e, _ := all[0].(map[string]any)
	s.words[secondWord], _ = e["id"].(string)
	return nil
}

// step is a part of a state.
type step func(context.Context, *scene) error

// state is how a state is brought about.
type state struct {
	steps []step
	// fresh wants a calendar of its own, since it is listed.
	fresh bool
	// left is why it is not brought about at a real account, empty if it is.
	left string
}

const (
	mails    = "it would mail a guest"
	refuses  = "no account makes its provider refuse that"
	loses    = "no account makes its provider lose a cursor"
	receives = "it needs a receiver that the provider can reach"
)

var errState = errors.New("nobody knows how to bring this state about")

// stateOf finds how a state is brought about for an interaction.
func (a *Account) stateOf(name, interaction string) (state, error) {
	if strings.HasPrefix(name, "the provider refuses with ") {
		return state{left: refuses, steps: []step{troubled(name)}}, nil
	}
	states, listed := googleStates(), interaction == "a snapshot"
	if a.Provider == microsoft {
		states, listed = microsoftStates(), true
	}
	s, known := states[name]
	if !known {
		return state{}, fmt.Errorf("%w: %q, of %q", errState, name, interaction)
	}
	if a.Provider == microsoft && strings.HasSuffix(interaction, "new subscription") {
		s.left = receives
	}
	s.fresh = s.fresh || listed
	return s, nil
}

// troubled brings a state about that only a simulator can be brought to.
func troubled(name string) step {
	return func(_ context.Context, s *scene) error {
		end, err := s.account.trouble(name, s.calendar)
		s.end = end
		return err
	}
}

// begin brings a state about.
func (a *Account) begin(ctx context.Context, of state) (*scene, error) {
	take := a.common
	if of.fresh {
		take = a.calendar
	}
	calendar, err := take(ctx)
	if err != nil {
		return nil, err
	}
	random := a.ids.Bytes(16)
	until := a.clock.Now().Add(life).UTC().Truncate(time.Second)
	s := &scene{account: a, calendar: calendar, words: map[string]string{
		tokenWord: a.token, channelWord: a.ids.ID("contracts"),
		googleUntilWord: strconv.FormatInt(until.UnixMilli(), 10), graphUntilWord: until.Format(time.RFC3339),
	}}
	if a.Provider == google {
		s.event = strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(random))
		s.words[googleOwnerWord], s.words[googleEventWord] = calendar, s.event
	} else {
		digits := hex.EncodeToString(random)
		s.words[calendarWord] = calendar
		s.words[transactionWord] = strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-")
	}
	for _, step := range of.steps {
		if err := step(ctx, s); err != nil {
			return s, err
		}
	}
	return s, nil
}

// unauthorised has the token of this interaction be none.
func unauthorised(_ context.Context, s *scene) error {
	s.words[tokenWord] = "no-token-of-anybody"
	return nil
}
