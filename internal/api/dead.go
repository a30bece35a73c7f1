package api

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// DeadLetters shows what was given up, and tries it again. What a tenant does not have is record.ErrNotFound.
type DeadLetters interface {
	DeadLetters(ctx context.Context, tenant cal.TenantID, f record.DeadFilter, after task.Ref, limit int) ([]record.DeadLetter, error)
	DeadLetter(ctx context.Context, ref task.Ref) (record.DeadLetter, error)
	Replay(ctx context.Context, ref task.Ref, actor string) error
}

// ListDeadLetters is GET /v1/dead-letters.
func (s *Server) ListDeadLetters(ctx context.Context, r gen.ListDeadLettersRequestObject) (gen.ListDeadLettersResponseObject, error) {
	f := record.DeadFilter{Kind: task.Kind(text(r.Params.Kind)), Reason: text(r.Params.Reason)}
	l, err := newListing("dead letters", r.Params.Limit, r.Params.Cursor, string(f.Kind), f.Reason)
	if err != nil {
		return nil, err
	}
	tenant := identity(ctx).Tenant
	after, _ := letterOf(tenant, l.after) // a place that is none begins at the start
	all, err := s.DeadLetters.DeadLetters(ctx, tenant, f, after, l.limit+1)
	if err != nil {
		return nil, err
	}
	page := gen.DeadLetterPage{DeadLetters: []gen.DeadLetter{}}
	all, page.NextCursor = cut(l, all, func(d record.DeadLetter) string { return letterID(d.Ref) })
	for _, d := range all {
		page.DeadLetters = append(page.DeadLetters, deadLetter(d))
	}
	return gen.ListDeadLetters200JSONResponse(page), nil
}

// GetDeadLetter is GET /v1/dead-letters/{dead_letter_id}.
func (s *Server) GetDeadLetter(ctx context.Context, r gen.GetDeadLetterRequestObject) (gen.GetDeadLetterResponseObject, error) {
	d, err := s.deadLetter(ctx, r.DeadLetterID)
	if err != nil {
		return nil, err
	}
	return gen.GetDeadLetter200JSONResponse(deadLetter(d)), nil
}

// ReplayDeadLetter is POST /v1/dead-letters/{dead_letter_id}/replay.
func (s *Server) ReplayDeadLetter(ctx context.Context, r gen.ReplayDeadLetterRequestObject) (gen.ReplayDeadLetterResponseObject, error) {
	d, err := s.deadLetter(ctx, r.DeadLetterID)
	if err != nil {
		return nil, err
	}
	if err := s.DeadLetters.Replay(ctx, d.Ref, identity(ctx).KeyID); err != nil {
		return nil, err
	}
	return gen.ReplayDeadLetter202JSONResponse(deadLetter(d)), nil
}

func (s *Server) deadLetter(ctx context.Context, id string) (record.DeadLetter, error) {
	ref, ok := letterOf(identity(ctx).Tenant, id)
	if !ok {
		return record.DeadLetter{}, record.ErrNotFound
	}
	return s.DeadLetters.DeadLetter(ctx, ref)
}

// letterPrefix is what the id of a dead letter begins with; its kind and subject follow. The tenant is the caller's, whatever the id says.
const letterPrefix = "dead_"

func letterID(ref task.Ref) string {
	return letterPrefix + base64.RawURLEncoding.EncodeToString([]byte(string(ref.Kind)+" "+ref.Subject))
}

// letterOf is the row that an id names, if it is one.
func letterOf(tenant cal.TenantID, id string) (task.Ref, bool) {
	encoded, ok := strings.CutPrefix(id, letterPrefix)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	kind, subject, split := strings.Cut(string(raw), " ")
	if !ok || !split || err != nil || strings.ContainsFunc(kind+subject, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return task.Ref{}, false
	}
	return task.Ref{Tenant: tenant, Kind: task.Kind(kind), Subject: subject}, true
}

func deadLetter(d record.DeadLetter) gen.DeadLetter {
	out := gen.DeadLetter{
		ID: letterID(d.Ref), Kind: gen.WorkKind(d.Kind), Subject: d.Subject, Reason: d.LastError, Quarantined: d.Quarantined(),
		Attempts: d.Attempts, WantedAt: d.WantedAt, DeadAt: d.NotBefore, OnReplay: d.OnReplay(),
	}
	if d.BookingID != "" {
		out.BookingID, out.CalendarID = new(string(d.BookingID)), new(string(d.CalendarID))
	}
	return out
}
