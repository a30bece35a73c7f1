package microsoft

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/internal/sim/oauth"
	"github.com/calweave/calweave/internal/sim/stage"
)

const (
	// minSubscription is what a shorter wish is raised to (https://learn.microsoft.com/graph/api/resources/subscription#properties).
	minSubscription = 45 * time.Minute
	maxClientState  = 128
	// maxSubscriptions is the limit per mailbox (https://learn.microsoft.com/graph/outlook-change-notifications-overview).
	maxSubscriptions = 1000
)

// subscription is a push subscription (https://learn.microsoft.com/graph/api/resources/subscription).
type subscription struct {
	subscriptionWish

	id       string
	mailbox  *mailbox
	calendar string
	// account is the person's address, or the tenant in which the application acts for itself.
	account string
	client  string
	expires time.Time
	// immutable says that notifications name events by their immutable ids.
	immutable bool
	removed   bool
	// authorised is when the owner was last known to be there, reminded when they were last asked, and lost that notifications were dropped.
	authorised, reminded time.Time
	lost                 bool
}

// subscriptionWish is the body of a request for a subscription.
type subscriptionWish struct {
	ChangeType               string `json:"changeType"`
	NotificationURL          string `json:"notificationUrl"`
	LifecycleNotificationURL string `json:"lifecycleNotificationUrl"`
	Resource                 string `json:"resource"`
	ExpirationDateTime       string `json:"expirationDateTime"`
	ClientState              string `json:"clientState"`
	LatestSupportedTLS       string `json:"latestSupportedTlsVersion"`
	IncludeResourceData      bool   `json:"includeResourceData"`
}

// subscribe serves https://learn.microsoft.com/graph/api/subscription-post-subscriptions. Both addresses have to answer the handshake before
// the client gets its answer, and no lock is held meanwhile.
func (s *Server) subscribe(c *call) (answer, error) {
	sub, err := s.wish(c)
	if err != nil {
		return answer{}, err
	}
	if err := s.admit(sub); err != nil {
		return answer{}, err
	}
	for _, address := range []string{sub.NotificationURL, sub.LifecycleNotificationURL} {
		if address == "" {
			continue
		}
		if err := s.handshake(c.r.Context(), address); err != nil {
			return answer{}, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.admitLocked(sub); err != nil { // another request may have been quicker
		return answer{}, err
	}
	sub.authorised = s.world.Now()
	s.subscriptions[sub.id] = sub
	s.world.Signal.Raise()
	return answer{status: http.StatusCreated, body: sub.wire(c)}, nil
}

// wish reads and checks what the client asks for.
func (s *Server) wish(c *call) (*subscription, error) {
	doc, err := c.document()
	if err != nil {
		return nil, err
	}
	sub := &subscription{id: s.world.IDs.UUID(), account: c.access.Account + c.access.Tenant, client: c.access.Client, immutable: c.prefer.immutable}
	raw, err := json.Marshal(doc)
	if err == nil {
		err = json.Unmarshal(raw, &sub.subscriptionWish)
	}
	if err != nil || strange(doc) {
		return nil, badRequest("InvalidRequest", "Could not process subscription creation payload. Are all property names spelled and camelCased properly?")
	}
	if err := s.checkWish(sub.subscriptionWish); err != nil {
		return nil, err
	}
	if sub.expires, err = s.expiry(sub.ExpirationDateTime); err != nil {
		return nil, err
	}
	return sub, s.watched(c, sub)
}

// strange reports whether the document has a property that a subscription does not have
// (https://learn.microsoft.com/graph/api/resources/subscription#properties).
func strange(doc map[string]json.RawMessage) bool {
	known := []string{
		"applicationId", "changeType", "clientState", "creatorId", "encryptionCertificate", "encryptionCertificateId", "expirationDateTime", "id",
		"includeResourceData", "latestSupportedTlsVersion", "lifecycleNotificationUrl", "notificationContentType", "notificationQueryOptions",
		"notificationUrl", "notificationUrlAppId", "resource",
	}
	for name := range doc {
		if !slices.Contains(known, name) && !strings.Contains(name, "@") { // an annotation is no property
			return true
		}
	}
	return false
}

func (s *Server) checkWish(w subscriptionWish) error {
	for name, value := range map[string]string{
		"changeType": w.ChangeType, "notificationUrl": w.NotificationURL, "resource": w.Resource, "expirationDateTime": w.ExpirationDateTime,
	} {
		if value == "" {
			return badRequest("InvalidRequest", name+" is a required property for subscription creation")
		}
	}
	for kind := range strings.SplitSeq(w.ChangeType, ",") {
		if !slices.Contains([]string{"created", "updated", "deleted"}, strings.TrimSpace(kind)) {
			return badRequest("InvalidRequest", "ChangeType '"+kind+"' is not supported.")
		}
	}
	if len(w.ClientState) > maxClientState {
		return badRequest("InvalidRequest", "clientState exceeds the maximum length of 128.")
	}
	if !slices.Contains([]string{"", "v1_0", "v1_1", "v1_2", "v1_3"}, w.LatestSupportedTLS) {
		return badRequest("InvalidRequest", "latestSupportedTlsVersion '"+w.LatestSupportedTLS+"' is not supported.")
	}
	if w.IncludeResourceData {
		return notSimulated("subscriptions with resource data")
	}
	if !s.pushable(w.NotificationURL) || (w.LifecycleNotificationURL != "" && !s.pushable(w.LifecycleNotificationURL)) {
		return badRequest("InvalidRequest", "The address of notifications must be an HTTPS URL.")
	}
	return nil
}

// pushable reports whether notifications can be sent to the address.
func (s *Server) pushable(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || (u.Scheme == "http" && !s.world.Switches().HTTPSPushOnly))
}

// expiry is when the subscription will end: never sooner than in 45 minutes, and not later than the maximum.
func (s *Server) expiry(text string) (time.Time, error) {
	at, ok := parseBound(text)
	now := s.world.Now()
	m := s.world.Switches().Microsoft
	longest := time.Duration(m.MaxSubscriptionMinutes) * time.Minute
	switch {
	case !ok:
		return at, badRequest("InvalidRequest", "expirationDateTime cannot be read.")
	case at.Before(now):
		return at, badRequest("ExtensionError", "Subscription expiration cannot be in the past.")
	case at.Sub(now) < minSubscription:
		return now.Add(minSubscription), nil
	case at.Sub(now) > longest && m.LongSubscription == stage.Refused:
		return at, badRequest("ExtensionError", fmt.Sprintf("Subscription expiration can only be %d minutes in the future.", m.MaxSubscriptionMinutes))
	case at.Sub(now) > longest:
		return now.Add(longest), nil
	}
	return at, nil
}

// watched finds the calendar that the resource names: "me/events" is the default one.
func (s *Server) watched(c *call, sub *subscription) error {
	t, err := parseTarget(strings.TrimPrefix(escaped(sub.Resource), "/"))
	if err != nil || t.shape != "events" {
		return badRequest("InvalidRequest", "The resource '"+sub.Resource+"' cannot be subscribed to.")
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	m, err := s.reach(c.access, t.user)
	if err != nil {
		return err
	}
	cal := m.calendar(t.calendar)
	if cal == nil {
		return unknownID(t.calendar)
	}
	if !cal.isDefault && s.world.Switches().Microsoft.CalendarFeeds == stage.Refused {
		return badRequest("ExtensionError", "The calendar cannot be subscribed to.")
	}
	sub.mailbox, sub.calendar = m, cal.id
	return nil
}

// escaped is the resource as a path: a client may have escaped its identifiers or not.
func escaped(resource string) string {
	if _, err := url.PathUnescape(resource); err != nil {
		return url.PathEscape(resource)
	}
	return resource
}

func (s *Server) admit(sub *subscription) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.admitLocked(sub)
}

// admitLocked refuses a second subscription to the same, and one too many. s.mu is held.
func (s *Server) admitLocked(sub *subscription) error {
	n := 0
	for _, o := range s.subscriptions {
		if o.mailbox != sub.mailbox || !s.alive(o) {
			continue
		}
		n++
		same := o.calendar == sub.calendar && o.ChangeType == sub.ChangeType && o.client == sub.client && o.account == sub.account
		if same && s.world.Switches().Microsoft.DuplicateSubscription == stage.Refused {
			return failed(http.StatusConflict, "Conflict", "A subscription for the same resource and change types exists already.")
		}
	}
	if n >= maxSubscriptions {
		return failed(http.StatusForbidden, "ExtensionError", "The mailbox has reached the maximum number of subscriptions.")
	}
	return nil
}

func (s *Server) alive(sub *subscription) bool {
	return !sub.removed && s.world.Now().Before(sub.expires)
}

// of reports whether the subscription was made by who comes now: the same application for the same person, or for itself.
func (sub *subscription) of(a oauth.Access) bool {
	return sub.account == a.Account+a.Tenant && sub.client == a.Client
}

// own takes hold of a subscription that the caller made and that is alive. s.mu is held.
func (s *Server) own(c *call) (*subscription, error) {
	sub := s.subscriptions[strings.ToLower(c.target.id)]
	if sub == nil || !s.alive(sub) || !sub.of(c.access) {
		return nil, resourceNotFound()
	}
	return sub, nil
}

// readSubscription serves https://learn.microsoft.com/graph/api/subscription-get.
func (s *Server) readSubscription(c *call) (answer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sub, err := s.own(c)
	if err != nil {
		return answer{}, err
	}
	return answer{body: sub.wire(c)}, nil
}

// listSubscriptions serves https://learn.microsoft.com/graph/api/subscription-list.
func (s *Server) listSubscriptions(c *call) (answer, error) {
	for name := range c.query {
		return answer{}, notSimulated("subscriptions with " + name)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	value := []any{}
	for _, id := range slices.Sorted(maps.Keys(s.subscriptions)) {
		if sub := s.subscriptions[id]; s.alive(sub) && sub.of(c.access) {
			w := sub.wire(c)
			delete(w, "@odata.context")
			value = append(value, w)
		}
	}
	return answer{body: map[string]any{"@odata.context": base(c.r) + "/$metadata#subscriptions", "value": value}}, nil
}

// renew serves https://learn.microsoft.com/graph/api/subscription-update.
func (s *Server) renew(c *call) (answer, error) {
	doc, err := c.document()
	if err != nil {
		return answer{}, err
	}
	var until string
	if isNull(doc["expirationDateTime"]) || json.Unmarshal(doc["expirationDateTime"], &until) != nil {
		return answer{}, badRequest("InvalidRequest", "expirationDateTime is required.")
	}
	expires, err := s.expiry(until)
	if err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sub, err := s.own(c)
	if err != nil {
		return answer{}, err
	}
	sub.expires = expires
	s.authorise(sub)
	s.world.Signal.Raise()
	return answer{body: sub.wire(c)}, nil
}

// reauthorise serves https://learn.microsoft.com/graph/api/subscription-reauthorize.
func (s *Server) reauthorise(c *call) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub, err := s.own(c)
	if err != nil {
		return answer{}, err
	}
	s.authorise(sub)
	return answer{status: http.StatusNoContent}, nil
}

// unsubscribe serves https://learn.microsoft.com/graph/api/subscription-delete.
func (s *Server) unsubscribe(c *call) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub, err := s.own(c)
	if err != nil {
		return answer{}, err
	}
	s.drop(sub)
	return answer{status: http.StatusNoContent}, nil
}

// drop ends a subscription. s.mu is held.
func (s *Server) drop(sub *subscription) {
	sub.removed = true
	delete(s.subscriptions, sub.id)
	s.world.Signal.Raise()
}

func (sub *subscription) wire(c *call) map[string]any {
	v := map[string]any{
		"@odata.context": base(c.r) + "/$metadata#subscriptions/$entity", "id": sub.id, "resource": sub.Resource, "applicationId": sub.client,
		"changeType": sub.ChangeType, "clientState": nil, "notificationUrl": sub.NotificationURL, "notificationQueryOptions": nil,
		"lifecycleNotificationUrl": nil, "expirationDateTime": stamp(sub.expires), "creatorId": sub.mailbox.oid, "includeResourceData": nil,
		"latestSupportedTlsVersion": cmp.Or(sub.LatestSupportedTLS, "v1_2"), "encryptionCertificate": nil, "encryptionCertificateId": nil, "notificationUrlAppId": nil,
	}
	if sub.ClientState != "" {
		v["clientState"] = sub.ClientState
	}
	if sub.LifecycleNotificationURL != "" {
		v["lifecycleNotificationUrl"] = sub.LifecycleNotificationURL
	}
	return v
}
