package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/ident"
)

// object is a JSON object.
type object = map[string]any

// Account is an account at a provider and what was made in it.
type Account struct {
	// Provider is google or microsoft.
	Provider string
	base     *url.URL
	token    string
	client   *http.Client
	// name begins the names of all calendars of this run, and of nobody else's; made counts them, for Microsoft wants their names to differ.
	name  string
	made  int
	ids   *ident.Source
	clock clock.Clock
	// trouble brings about what only a simulator can be brought to, and returns how it ends; nil where a real account is asked.
	trouble func(state, calendar string) (end func() error, err error)
	mu      sync.Mutex
	// shared is a calendar that several interactions may use.
	shared string
	// channels are those to be closed: the id and the resource at Google, the subscription at Microsoft.
	channels []channel
}

type channel struct{ id, resource string }

const (
	google    = "google"
	microsoft = "microsoft"
	// patience is how long one request may take, cleanup how long all that was made may take to be deleted.
	patience = 30 * time.Second
	cleanup  = 2 * time.Minute
	// bodyLimit bounds an answer, in bytes.
	bodyLimit = 4 << 20
)

var (
	errPlain = errors.New("a token would travel in clear: give an https URL; http is for this machine only")
	errURL   = errors.New("give a URL such as https://www.googleapis.com")
	errToken = errors.New("the provider does not accept the token: it may have expired, or lack a permission")
)

// Open takes an account at a provider's URL. Nothing is asked yet.
func Open(provider, base, token string, ids *ident.Source, now clock.Clock) (*Account, error) {
	u, err := url.Parse(strings.TrimSuffix(base, "/"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return nil, errURL
	}
	if u.Scheme == "http" && !local(u.Hostname()) {
		return nil, errPlain
	}
	return &Account{
		Provider: provider, base: u, token: token, name: ids.ID("calweave_contracts"), ids: ids, clock: now,
		client: &http.Client{
			Timeout: patience, Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// refusal is an answer that is no success. Its text has nothing of the request but method and path.
type refusal struct {
	method, path string
	status       int
	body         string
}

func (r refusal) Error() string {
	const enough = 400
	return fmt.Sprintf("%s %s: %d %s", r.method, r.path, r.status, r.body[:min(len(r.body), enough)])
}

// ask sends a request and reads the answer, nil for one without a body.
func (a *Account) ask(ctx context.Context, method, path string, body any, prefer ...string) (object, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, a.base.String()+path, bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	req.Header.Set("Content-Type", "application/json")
	if a.Provider == microsoft {
		req.Header.Set("Prefer", `IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type="text"`+strings.Join(prefer, ""))
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // read as far as is wanted
	answer, err := io.ReadAll(io.LimitReader(resp.Body, bodyLimit))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode/100 != 2 {
		short, _, _ := strings.Cut(path, "?")
		return nil, refusal{method, short, resp.StatusCode, string(answer)}
	}
	doc := object{}
	if len(answer) == 0 {
		return doc, nil
	}
	return doc, json.Unmarshal(answer, &doc)
}

// calendars is the path that an account's own calendars are made at, list that they are listed at, and title the field of their name.
func (a *Account) calendars() (path, list, items, title string) {
	if a.Provider == google {
		return "/calendar/v3/calendars", "/calendar/v3/users/me/calendarList?maxResults=250", "items", "summary"
	}
	return "/v1.0/me/calendars", "/v1.0/me/calendars?$top=100", "value", "name"
}

// Check asks whether the account can be used, before anything is made.
func (a *Account) Check(ctx context.Context) error {
	_, list, _, _ := a.calendars()
	_, err := a.ask(ctx, http.MethodGet, list, nil)
	if r, ok := errors.AsType[refusal](err); ok && (r.status == http.StatusUnauthorized || r.status == http.StatusForbidden) {
		return errors.Join(errToken, err)
	}
	return err
}

// calendar makes a calendar.
func (a *Account) calendar(ctx context.Context) (string, error) {
	path, _, _, title := a.calendars()
	a.made++
	body := object{title: fmt.Sprintf("%s_%d", a.name, a.made)}
	if a.Provider == google {
		body["timeZone"] = "Europe/Berlin"
	}
	doc, err := a.ask(ctx, http.MethodPost, path, body)
	if err != nil {
		return "", fmt.Errorf("a calendar of its own cannot be made: %w", err)
	}
	id, _ := doc["id"].(string)
	return id, nil
}

// common is a calendar for what does not mind other events.
func (a *Account) common(ctx context.Context) (string, error) {
	if a.shared != "" {
		return a.shared, nil
	}
	var err error
	a.shared, err = a.calendar(ctx)
	return a.shared, err
}

func (a *Account) opened(c channel) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c.id != "" && !slices.Contains(a.channels, c) {
		a.channels = append(a.channels, c)
	}
}

// Clean closes the channels and deletes the calendars of this run, also those whose making was never answered: they are known by their name. It goes
// on when the command was interrupted.
func (a *Account) Clean(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanup)
	defer cancel()
	defer a.client.CloseIdleConnections()
	var failed error
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.channels {
		failed = errors.Join(failed, gone(a.closeChannel(ctx, c)))
	}
	return errors.Join(failed, a.deleteCalendars(ctx))
}

func (a *Account) deleteCalendars(ctx context.Context) error {
	path, list, items, title := a.calendars()
	var failed error
	for list != "" {
		doc, err := a.ask(ctx, http.MethodGet, list, nil)
		if err != nil {
			return errors.Join(failed, fmt.Errorf("calendars may be left whose names begin with %q: %w", a.name, err))
		}
		all, _ := doc[items].([]any)
		for _, one := range all {
			c, _ := one.(object)
			id, _ := c["id"].(string)
			if called, _ := c[title].(string); strings.HasPrefix(called, a.name+"_") {
				if _, err := a.ask(ctx, http.MethodDelete, path+"/"+url.PathEscape(id), nil); gone(err) != nil {
					failed = errors.Join(failed, fmt.Errorf("the calendar %q is left: %w", called, err))
				}
			}
		}
		list = a.following(doc)
	}
	return failed
}

// following is the path of the next page of calendars, empty after the last.
func (a *Account) following(doc object) string {
	if token, _ := doc["nextPageToken"].(string); token != "" {
		return "/calendar/v3/users/me/calendarList?maxResults=250&pageToken=" + url.QueryEscape(token)
	}
	next, _ := doc["@odata.nextLink"].(string)
	if u, err := url.Parse(next); err == nil && next != "" {
		return u.RequestURI()
	}
	return ""
}

func (a *Account) closeChannel(ctx context.Context, c channel) error {
	if a.Provider == google {
		_, err := a.ask(ctx, http.MethodPost, "/calendar/v3/channels/stop", object{"id": c.id, "resourceId": c.resource})
		return err
	}
	_, err := a.ask(ctx, http.MethodDelete, "/v1.0/subscriptions/"+url.PathEscape(c.id), nil)
	return err
}

// gone is no error if something was not there any more.
func gone(err error) error {
	if r, ok := errors.AsType[refusal](err); ok && (r.status == http.StatusNotFound || r.status == http.StatusGone) {
		return nil
	}
	return err
}
