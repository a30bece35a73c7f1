package google

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/calweave/calweave/internal/sim/stage"
)

// channel is a push channel (https://developers.google.com/workspace/calendar/api/guides/push).
type channel struct {
	id          string
	account     string
	client      string
	calendar    string
	resource    string
	resourceURI string
	address     string
	token       string
	expires     time.Time
	// stopped is when the channel was stopped; zero for one that was not.
	stopped time.Time
	// place counts the channels from the first that was ever opened.
	place int
	// number is the latest X-Goog-Message-Number.
	number uint64
}

// channelWish is the body of a watch request. The expiration comes as a number or as a text.
type channelWish struct {
	ID         string            `json:"id"`
	Type       string            `json:"type"`
	Address    string            `json:"address"`
	Token      string            `json:"token"`
	Expiration json.RawMessage   `json:"expiration"`
	Params     map[string]string `json:"params"`
}

const (
	defaultChannelLife = 604_800 * time.Second
	maxChannelID       = 64
	maxChannelToken    = 256
)

var channelID = regexp.MustCompile(`^[A-Za-z0-9\-_+/=]+$`)

// feed is what a channel can watch.
type feed struct {
	// calendar is empty for what is the person's.
	calendar string
	// path is the resource's below apiPath, and name what its channels have in common.
	path, name string
	channels   *[]*channel
}

// watchEvents serves https://developers.google.com/workspace/calendar/api/v3/reference/events/watch. Called once per calendar and week.
func (s *Server) watchEvents(c *call) (answer, error) {
	return s.watch(c, func() (feed, error) {
		e, err := s.entry(c)
		if err != nil {
			return feed{}, err
		}
		id := e.calendar.id
		return feed{calendar: id, path: "calendars/" + url.QueryEscape(id) + "/events", name: id, channels: &e.calendar.channels}, nil
	})
}

// watchRules serves https://developers.google.com/workspace/calendar/api/v3/reference/acl/watch.
func (s *Server) watchRules(c *call) (answer, error) {
	return s.watch(c, func() (feed, error) {
		e, err := s.entry(c)
		if err != nil {
			return feed{}, err
		}
		path := "calendars/" + url.QueryEscape(e.calendar.id) + "/acl"
		return feed{calendar: e.calendar.id, path: path, name: path, channels: &e.calendar.ruleChannels}, needs(e, stage.RoleWriter)
	})
}

// watchEntries serves https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/watch.
func (s *Server) watchEntries(c *call) (answer, error) {
	return s.watch(c, func() (feed, error) {
		a, err := s.caller(c)
		if err != nil {
			return feed{}, err
		}
		return feed{path: "users/me/calendarList", name: "users/me/calendarList", channels: &a.listChannels}, nil
	})
}

// watchSettings serves https://developers.google.com/workspace/calendar/api/v3/reference/settings/watch. After its first message the channel is
// silent, since settings do not change.
func (s *Server) watchSettings(c *call) (answer, error) {
	return s.watch(c, func() (feed, error) {
		a, err := s.caller(c)
		if err != nil {
			return feed{}, err
		}
		return feed{path: "users/me/settings", name: "users/me/settings", channels: &a.settingChannels}, nil
	})
}

// watch opens a channel on what find returns, which runs with s.mu held.
func (s *Server) watch(c *call, find func() (feed, error)) (answer, error) {
	var wish channelWish
	if err := c.decode(&wish); err != nil {
		return answer{}, err
	}
	if err := s.checkWish(wish); err != nil {
		return answer{}, err
	}
	expires, err := s.expiry(wish)
	if err != nil {
		return answer{}, err
	}
	order := s.world.Switches().Google.SyncMessage
	ch := &channel{
		id: wish.ID, account: c.access.Account, client: c.access.Client, address: wish.Address, token: wish.Token, expires: expires, number: 1,
	}
	tried, err := s.open(ch, base(c.r), find, order != stage.SyncAfter)
	if err != nil {
		return answer{}, err
	}
	a := answer{body: ch.wire()}
	if order == stage.SyncBefore {
		<-tried
	}
	if order == stage.SyncAfter {
		a.after = func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.tell(ch, stateSync)
		}
	}
	return a, nil
}

func (ch *channel) wire() map[string]any {
	v := map[string]any{
		"kind": "api#channel", "id": ch.id, "resourceId": ch.resource, "resourceUri": ch.resourceURI,
		"expiration": strconv.FormatInt(ch.expires.UnixMilli(), 10),
	}
	if ch.token != "" {
		v["token"] = ch.token
	}
	return v
}

func (s *Server) checkWish(wish channelWish) error {
	switch {
	case wish.ID == "":
		return required("Missing channel id.")
	case len(wish.ID) > maxChannelID || !channelID.MatchString(wish.ID):
		return invalid("Invalid channel id.")
	case wish.Type != "web_hook" && wish.Type != "webhook":
		return invalid("Invalid channel type.")
	case len(wish.Token) > maxChannelToken:
		return invalid("Invalid channel token.")
	}
	return s.checkAddress(wish.Address)
}

// checkAddress looks at where a channel is to send (https://developers.google.com/workspace/calendar/api/guides/push).
func (s *Server) checkAddress(address string) error {
	to, err := url.Parse(address)
	switch {
	case err != nil || to.Host == "" || (to.Scheme != "https" && to.Scheme != "http"),
		s.world.Switches().HTTPSPushOnly && to.Scheme != "https":
		return failed(http.StatusBadRequest, "push.webhookUrlNotHttps", "WebHook callback must be HTTPS: "+address)
	case s.world.Switches().Google.PushDomains == stage.Refused:
		return failed(http.StatusUnauthorized, "push.webhookUrlUnauthorized", "Unauthorized WebHook callback channel: "+address)
	}
	return nil
}

// expiry is when the channel will end: what is asked for, a week when nothing is, and never later than the maximum.
func (s *Server) expiry(wish channelWish) (time.Time, error) {
	now := s.world.Now()
	longest := now.Add(time.Duration(s.world.Switches().Google.MaxChannelHours) * time.Hour)
	expires := now.Add(defaultChannelLife)
	if ttl := wish.Params["ttl"]; ttl != "" {
		n, err := strconv.Atoi(ttl)
		if err != nil || n < 1 {
			return time.Time{}, invalid("Invalid channel ttl.")
		}
		expires = now.Add(time.Duration(n) * time.Second)
	}
	if raw := bytes.Trim(wish.Expiration, `"`); len(raw) > 0 && !isNull(raw) {
		ms, err := strconv.ParseInt(string(raw), 10, 64)
		if err != nil || !time.UnixMilli(ms).After(now) {
			return time.Time{}, invalid("Invalid channel expiration.")
		}
		expires = time.UnixMilli(ms)
	}
	if expires.After(longest) {
		expires = longest
	}
	return expires.Truncate(time.Millisecond), nil
}

// open adds the channel, and unless it is to wait sends its first message before any other can be sent.
func (s *Server) open(ch *channel, base string, find func() (feed, error), sync bool) (<-chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	to, err := find()
	if err != nil {
		return nil, err
	}
	if s.channels[ch.id] != nil {
		return nil, failed(http.StatusBadRequest, "channelIdNotUnique", "Channel id not unique")
	}
	ch.calendar, ch.resource, ch.resourceURI = to.calendar, resourceOf(to.name, ch.account), base+apiPath+to.path+"?alt=json"
	ch.place = len(s.channels)
	s.channels[ch.id] = ch
	*to.channels = append(*to.channels, ch)
	s.world.Signal.Raise()
	if !sync {
		return nil, nil //nolint:nilnil // nothing is on its way yet
	}
	return s.tell(ch, stateSync), nil
}

// stop serves https://developers.google.com/workspace/calendar/api/v3/reference/channels/stop.
func (s *Server) stop(c *call) (answer, error) {
	var wish struct {
		ID         string `json:"id"`
		ResourceID string `json:"resourceId"`
	}
	if err := c.decode(&wish); err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.channels[wish.ID]
	known := ch != nil && ch.resource == wish.ResourceID && s.alive(ch) && ch.account == c.access.Account && ch.client == c.access.Client
	switch status := s.world.Switches().Google.StopUnknown; {
	case known:
		ch.stop(s.world.Now())
		s.world.Signal.Raise()
	case status == http.StatusBadRequest:
		return answer{}, invalid("Channel not found for project")
	case status == http.StatusNotFound:
		return answer{}, failed(status, "notFound", "Channel '"+wish.ID+"' not found for project")
	}
	return answer{status: http.StatusNoContent}, nil
}
