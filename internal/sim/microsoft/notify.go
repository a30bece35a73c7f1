package microsoft

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/internal/sim/stage"
)

// The kinds of change.
const (
	changeCreated = "created"
	changeUpdated = "updated"
	changeDeleted = "deleted"
)

// notify tells the subscriptions on the calendar. One action of a person makes several notifications, as in the field. s.mu is held.
func (s *Server) notify(m *mailbox, old, e *event) {
	kinds := []string{changeUpdated, changeUpdated}
	switch {
	case old == nil:
		kinds = []string{changeCreated, changeUpdated}
		if s.world.Switches().Microsoft.UpdatedFirst {
			slices.Reverse(kinds)
		}
	case e.deleted:
		kinds = []string{changeDeleted}
	}
	for _, sub := range s.onCalendar(m, e.calendar) {
		if s.paused(sub) {
			sub.lost = true
			continue
		}
		for _, kind := range kinds {
			if strings.Contains(sub.ChangeType, kind) {
				s.tell(sub, kind, e)
			}
		}
	}
}

// onCalendar returns the live subscriptions on a calendar, in a fixed order. s.mu is held.
func (s *Server) onCalendar(m *mailbox, calendar string) []*subscription {
	var all []*subscription
	for _, sub := range s.subscriptions {
		if sub.mailbox == m && (calendar == "" || sub.calendar == calendar) && s.alive(sub) {
			all = append(all, sub)
		}
	}
	slices.SortFunc(all, func(a, b *subscription) int { return strings.Compare(a.id, b.id) })
	return all
}

// early tells the person's subscriptions of the calendar's latest change as if it were a further one, which is not there yet.
func (s *Server) early(email string) (tried []<-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.mailboxes[strings.ToLower(email)]
	if m == nil {
		return nil
	}
	for _, sub := range s.onCalendar(m, "") {
		e := &event{restID: "AAMkAGI1" + s.world.IDs.Base64(28), immutableID: "AAkALgAA" + s.world.IDs.Hex(44)}
		latest := m.calendar(sub.calendar).journal.Seq()
		for _, id := range m.calendar(sub.calendar).journal.Changes(latest-1, latest) {
			e = m.events[id]
		}
		if sent := s.tell(sub, changeUpdated, e); sent != nil {
			tried = append(tried, sent)
		}
	}
	return tried
}

// tell queues one change notification (https://learn.microsoft.com/graph/api/resources/changenotification). What it returns is closed when that
// was tried; it is nil if nothing is sent for now.
func (s *Server) tell(sub *subscription, kind string, e *event) <-chan struct{} {
	path := "Users/" + sub.mailbox.oid + "/Events/" + e.id(sub.immutable)
	return s.push(sub, sub.NotificationURL, kind, map[string]any{
		"changeType": kind, "resource": path,
		"resourceData": map[string]any{
			"@odata.type": "#Microsoft.Graph.Event", "@odata.id": path, "@odata.etag": e.etag(), "id": e.id(sub.immutable),
		},
	})
}

// push queues a notification with what all notifications have.
func (s *Server) push(sub *subscription, address, kind string, item map[string]any) <-chan struct{} {
	item["subscriptionId"] = sub.id
	item["subscriptionExpirationDateTime"] = sub.expires.Format("2006-01-02T15:04:05.9999999-07:00")
	item["clientState"] = sub.ClientState
	item["tenantId"] = sub.mailbox.tenant
	items := []any{item}
	if s.world.Switches().Microsoft.MixedNotifications {
		items = []any{foreign(item), item}
	}
	body, err := json.Marshal(map[string]any{"value": items})
	if err != nil {
		return nil // unreachable: strings always marshal
	}
	push := stage.Push{
		Provider: stage.Microsoft, Account: sub.mailbox.person.Email, Channel: sub.id, Kind: kind, URL: address,
		Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, Body: body, Judge: judge,
	}
	push.Stranger = func() stage.Push { return guessed(push, item) }
	host, sample := hostOf(address), s.world.Switches().Microsoft.SlowSample
	push.Took = func(d time.Duration) { s.health.took(host, s.world.Now(), d, sample) }
	send, lost := s.health.admit(push, s.world.Now())
	sub.lost = sub.lost || lost
	if !send {
		return nil
	}
	return s.world.Pusher.Send(push)
}

// guessed is the push as somebody would send it who does not know the client state.
func guessed(push stage.Push, item map[string]any) stage.Push {
	guess := maps.Clone(item)
	guess["clientState"] = "guessed"
	if body, err := json.Marshal(map[string]any{"value": []any{guess}}); err == nil { // strings always marshal
		push.Body = body
	}
	return push
}

// foreign is the like of a notification for somebody else: one delivery may hold notifications of several subscriptions and tenants.
func foreign(item map[string]any) map[string]any {
	other := maps.Clone(item)
	other["subscriptionId"], other["tenantId"], other["clientState"] = derivedUUID("foreign subscription"), derivedUUID("foreign tenant"), "another state"
	return other
}

// judge says which answers count; whatever fails is tried again for hours
// (https://learn.microsoft.com/graph/change-notifications-delivery-webhooks#receive-notifications).
func judge(status int) stage.PushVerdict {
	if status >= 200 && status < 300 {
		return stage.PushDelivered
	}
	return stage.PushRetry
}

// Lifecycle sends a lifecycle notification about a subscription of the person, or about all of them if id is empty
// (https://learn.microsoft.com/graph/change-notifications-lifecycle-events). subscriptionRemoved also removes it. A subscription without an
// address for such notifications gets none.
func (s *Server) Lifecycle(email, id, event string) error {
	if event == "" {
		return fmt.Errorf("%w: a lifecycle notification needs an event", stage.ErrInvalid)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.mailboxes[strings.ToLower(email)]
	if m == nil {
		return fmt.Errorf("%w: %q at Microsoft", stage.ErrUnknownPerson, email)
	}
	found := false
	for _, sub := range s.onCalendar(m, "") {
		if id != "" && sub.id != id {
			continue
		}
		found = true
		s.lifecycle(sub, event)
		if event == subscriptionRemoved {
			s.drop(sub)
		}
	}
	if !found && id != "" {
		return fmt.Errorf("%w: %q of %q at Microsoft", stage.ErrUnknownChannel, id, email)
	}
	return nil
}
