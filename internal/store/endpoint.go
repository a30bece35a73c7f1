package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

const (
	// secretOverlap is how long a secret signs after it was replaced.
	secretOverlap = 24 * time.Hour
	// longestSilence is for how long an endpoint takes nothing before a message that is given up disables it. The schedule of one message is
	// longer, so that all of its attempts may have failed meanwhile.
	longestSilence = 72 * time.Hour
)

const (
	stateEnabled  = "enabled"
	stateDisabled = "disabled"
)

// CreateEndpoint makes an endpoint that receives messages from now on. It fails with record.ErrLimit when the tenant has record.MaxEndpoints.
func (s *Store) CreateEndpoint(ctx context.Context, tenant cal.TenantID, e record.Endpoint, actor string) (record.Endpoint, error) {
	e.ID, e.Enabled = cal.EndpointID(s.ids.ID("end")), true
	err := s.update(ctx, tenant, "create endpoint", func(ctx context.Context, t *tx) error {
		e.CreatedAt, e.UpdatedAt = instant(t.now), instant(t.now)
		// Whoever makes another one meanwhile counts this one.
		if _, err := t.LockTenant(ctx, db.LockTenantParams{TenantID: t.tenant}); err != nil {
			return err
		}
		n, err := t.CountEndpoints(ctx, db.CountEndpointsParams{TenantID: t.tenant})
		if err != nil {
			return err
		}
		if n >= record.MaxEndpoints {
			return record.ErrLimit
		}
		sealed, err := t.sealEndpoint(e)
		if err != nil {
			return err
		}
		err = t.InsertEndpoint(ctx, db.InsertEndpointParams{
			TenantID: t.tenant, EndpointID: string(e.ID), Url: sealed.url, Description: sealed.description, Types: typesText(e.Types),
			Secret: sealed.secret, Empty: []byte{}, Now: t.now,
		})
		if err != nil {
			return err
		}
		return t.note(ctx, record.Note{Actor: actor, Action: "endpoint.created", Subject: string(e.ID)})
	})
	return e, err
}

// sealedEndpoint is what is sealed of an endpoint.
type sealedEndpoint struct{ url, description, secret []byte }

func (t *tx) sealEndpoint(e record.Endpoint) (out sealedEndpoint, err error) {
	for _, c := range []struct {
		column, text string
		sealed       *[]byte
	}{{"url", e.URL, &out.url}, {"description", e.Description, &out.description}, {"secret", e.Secret, &out.secret}} {
		if *c.sealed, err = t.sealText("endpoints", c.column, string(e.ID), c.text); err != nil {
			return out, err
		}
	}
	return out, nil
}

// Endpoints returns a tenant's endpoints without their secrets. They are few.
func (s *Store) Endpoints(ctx context.Context, tenant cal.TenantID) ([]record.Endpoint, error) {
	var out []record.Endpoint
	err := s.view(ctx, tenant, "list endpoints", func(ctx context.Context, t *tx) error {
		out = nil
		rows, err := t.Queries.Endpoints(ctx, db.EndpointsParams{TenantID: t.tenant})
		if err != nil {
			return err
		}
		for _, row := range rows {
			e, err := t.openEndpoint(row)
			if err != nil {
				return err
			}
			out = append(out, e)
		}
		return nil
	})
	return out, err
}

// Endpoint returns an endpoint without its secrets, or record.ErrNotFound.
func (s *Store) Endpoint(ctx context.Context, tenant cal.TenantID, id cal.EndpointID) (record.Endpoint, error) {
	var e record.Endpoint
	err := s.view(ctx, tenant, "read endpoint", func(ctx context.Context, t *tx) error {
		row, err := t.EndpointByID(ctx, db.EndpointByIDParams{TenantID: t.tenant, EndpointID: string(id)})
		if err != nil {
			return found(err)
		}
		e, err = t.openEndpoint(row)
		return err
	})
	return e, err
}

func (t *tx) openEndpoint(row db.Endpoint) (record.Endpoint, error) {
	e := record.Endpoint{
		ID: cal.EndpointID(row.EndpointID), Types: messageTypes(row.Types), PreviousUntil: instant(row.PreviousUntil),
		Enabled: row.State == stateEnabled, Disabled: message.DisabledReason(row.Reason), DisabledAt: instant(row.DisabledAt),
		CreatedAt: instant(row.CreatedAt), UpdatedAt: instant(row.UpdatedAt),
	}
	if row.PreviousUntil <= t.now {
		e.PreviousUntil = time.Time{}
	}
	var err error
	if e.URL, err = t.openText("endpoints", "url", row.EndpointID, row.Url); err != nil {
		return e, err
	}
	e.Description, err = t.openText("endpoints", "description", row.EndpointID, row.Description)
	return e, err
}

// signingEndpoint is an endpoint with the secrets that are in force.
func (t *tx) signingEndpoint(ctx context.Context, id string) (record.Endpoint, error) {
	row, err := t.EndpointByID(ctx, db.EndpointByIDParams{TenantID: t.tenant, EndpointID: id})
	if err != nil {
		return record.Endpoint{}, found(err)
	}
	e, err := t.openEndpoint(row)
	if err != nil {
		return e, err
	}
	if e.Secret, err = t.openText("endpoints", "secret", id, row.Secret); err != nil || e.PreviousUntil.IsZero() {
		return e, err
	}
	e.Previous, err = t.openText("endpoints", "previous_secret", id, row.PreviousSecret)
	return e, err
}

// lockEndpoint makes everybody else wait who changes the endpoint or ends one of its deliveries, and returns it as it is then.
func (t *tx) lockEndpoint(ctx context.Context, id string) (db.Endpoint, error) {
	n, err := t.LockEndpoint(ctx, db.LockEndpointParams{TenantID: t.tenant, EndpointID: id})
	if err == nil && n == 0 {
		err = record.ErrNotFound
	}
	if err != nil {
		return db.Endpoint{}, err
	}
	return t.EndpointByID(ctx, db.EndpointByIDParams{TenantID: t.tenant, EndpointID: id})
}

// ReviseEndpoint changes an endpoint. One that is enabled again resumes with what it missed: what waits for it, and what failed since it was
// disabled.
func (s *Store) ReviseEndpoint(ctx context.Context, tenant cal.TenantID, id cal.EndpointID, c record.EndpointChange, actor string) (record.Endpoint, error) {
	var e record.Endpoint
	err := s.updateMany(ctx, tenant, "revise endpoint", func(ctx context.Context, t *tx) error {
		row, err := t.lockEndpoint(ctx, string(id))
		if err != nil {
			return err
		}
		if e, err = t.openEndpoint(row); err != nil {
			return err
		}
		since := row.DisabledAt
		resumed := t.change(&e, c)
		sealed, err := t.sealEndpoint(e)
		if err != nil {
			return err
		}
		err = t.Queries.ReviseEndpoint(ctx, db.ReviseEndpointParams{
			TenantID: t.tenant, EndpointID: string(id), Url: sealed.url, Description: sealed.description, Types: typesText(e.Types),
			State: stateOf(e), Reason: string(e.Disabled), DisabledAt: micros(e.DisabledAt), Now: t.now,
		})
		if err != nil {
			return err
		}
		if resumed {
			if _, err := t.requeue(ctx, id, since, true); err != nil {
				return err
			}
		}
		return t.note(ctx, record.Note{Actor: actor, Action: "endpoint.revised", Subject: string(id), Detail: map[string]any{"fields": changedFields(c)}})
	})
	return e, err
}

// change makes a change, and reports whether it enables an endpoint that was disabled.
func (t *tx) change(e *record.Endpoint, c record.EndpointChange) (resumed bool) {
	e.UpdatedAt = instant(t.now)
	if c.URL != nil {
		e.URL = *c.URL
	}
	if c.Description != nil {
		e.Description = *c.Description
	}
	if c.Types != nil {
		e.Types = *c.Types
	}
	if c.Enabled == nil || *c.Enabled == e.Enabled {
		return false
	}
	e.Enabled, e.Disabled, e.DisabledAt = *c.Enabled, "", time.Time{}
	if !e.Enabled {
		e.Disabled, e.DisabledAt = message.DisabledRequested, instant(t.now)
	}
	return e.Enabled
}

// changedFields names the fields of a change, for the audit.
func changedFields(c record.EndpointChange) []string {
	var names []string
	for _, f := range []struct {
		name string
		set  bool
	}{{"url", c.URL != nil}, {"description", c.Description != nil}, {"types", c.Types != nil}, {"state", c.Enabled != nil}} {
		if f.set {
			names = append(names, f.name)
		}
	}
	return names
}

func stateOf(e record.Endpoint) string {
	if e.Enabled {
		return stateEnabled
	}
	return stateDisabled
}

// requeue lets an endpoint's failed deliveries of a time run again and, with pending, all that wait. Their work goes first: that is the order in
// which an outcome writes them.
func (t *tx) requeue(ctx context.Context, id cal.EndpointID, since int64, pending bool) (int64, error) {
	n, err := t.QueueDeliveries(ctx, db.QueueDeliveriesParams{TenantID: t.tenant, EndpointID: string(id), Since: since, Pending: pending, Now: t.now})
	if err != nil {
		return 0, err
	}
	return n, t.ReopenDeliveries(ctx, db.ReopenDeliveriesParams{TenantID: t.tenant, EndpointID: string(id), Since: since, Now: t.now})
}

// RotateSecret gives an endpoint another secret. The one that it takes the place of signs as well for a while; the one before that no longer.
func (s *Store) RotateSecret(ctx context.Context, tenant cal.TenantID, id cal.EndpointID, secret, actor string) (record.Endpoint, error) {
	var e record.Endpoint
	err := s.update(ctx, tenant, "rotate secret", func(ctx context.Context, t *tx) error {
		row, err := t.lockEndpoint(ctx, string(id))
		if err != nil {
			return err
		}
		if e, err = t.openEndpoint(row); err != nil {
			return err
		}
		current, err := t.openText("endpoints", "secret", string(id), row.Secret)
		if err != nil {
			return err
		}
		e.Secret, e.PreviousUntil, e.UpdatedAt = secret, instant(t.now).Add(secretOverlap), instant(t.now)
		p := db.RotateSecretParams{TenantID: t.tenant, EndpointID: string(id), PreviousUntil: micros(e.PreviousUntil), Now: t.now}
		if p.Secret, err = t.sealText("endpoints", "secret", string(id), secret); err != nil {
			return err
		}
		if p.PreviousSecret, err = t.sealText("endpoints", "previous_secret", string(id), current); err != nil {
			return err
		}
		if err := changed(t.Queries.RotateSecret(ctx, p)); err != nil {
			return err
		}
		return t.note(ctx, record.Note{Actor: actor, Action: "endpoint.secret_rotated", Subject: string(id)})
	})
	return e, err
}

// DeleteEndpoint forgets an endpoint with its deliveries.
func (s *Store) DeleteEndpoint(ctx context.Context, tenant cal.TenantID, id cal.EndpointID, actor string) error {
	return s.updateMany(ctx, tenant, "delete endpoint", func(ctx context.Context, t *tx) error {
		if _, err := t.lockEndpoint(ctx, string(id)); err != nil {
			return err
		}
		if err := t.ForgetDeliveries(ctx, db.ForgetDeliveriesParams{TenantID: t.tenant, EndpointID: string(id)}); err != nil {
			return err
		}
		if err := changed(t.Queries.DeleteEndpoint(ctx, db.DeleteEndpointParams{TenantID: t.tenant, EndpointID: string(id)})); err != nil {
			return err
		}
		return t.note(ctx, record.Note{Actor: actor, Action: "endpoint.deleted", Subject: string(id)})
	})
}

// disable stops deliveries to an endpoint whose message was given up after an attempt, if that tells about the endpoint and not about the
// message, and tells the others.
func (t *tx) disable(ctx context.Context, row db.Delivery, a record.Attempt) error {
	reason := message.DisabledGone
	if a.Status != statusGone {
		reason = message.DisabledFailing
		taken, err := t.DeliveredSince(ctx, db.DeliveredSinceParams{
			TenantID: t.tenant, EndpointID: row.EndpointID, Since: t.now - longestSilence.Microseconds(),
		})
		if err != nil || taken > 0 {
			return err
		}
	}
	n, err := t.DisableEndpoint(ctx, db.DisableEndpointParams{TenantID: t.tenant, EndpointID: row.EndpointID, Reason: string(reason), Now: t.now})
	if err != nil || n == 0 {
		return err
	}
	data := message.EndpointStopped{EndpointID: cal.EndpointID(row.EndpointID), Reason: reason, MessageID: cal.MessageID(row.MessageID)}
	err = t.writeTo(ctx, message.EndpointDisabled, "", 0, data, func(r receiver) bool {
		return r.id != row.EndpointID && record.Wants(r.types, message.EndpointDisabled)
	})
	if err != nil {
		return err
	}
	return t.note(ctx, record.Note{
		Actor: record.ActorEngine, Action: "endpoint.disabled", Subject: row.EndpointID,
		Detail: map[string]any{"reason": reason, "delivery": row.DeliveryID, "status": a.Status},
	})
}

// typesText and messageTypes keep a filter as one text.
func typesText(types []message.Type) string {
	var names []string
	for _, t := range types {
		names = append(names, string(t))
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}

func messageTypes(text string) []message.Type {
	var types []message.Type
	for name := range strings.FieldsSeq(text) {
		types = append(types, message.Type(name))
	}
	return types
}
