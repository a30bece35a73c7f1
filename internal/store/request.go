package store

import (
	"context"
	"crypto/subtle"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

const (
	// keepRequests is how long a request is known by its idempotency key, from its first attempt on.
	keepRequests = 24 * time.Hour
	// requestLease is how long an attempt is waited for. One that takes longer may still commit, unless another one has begun.
	requestLease = time.Minute
)

// What becomes of a request: it is running until a transaction of its own commits, and then committed until its answer is stored.
const (
	requestCommitted = "committed"
	requestAnswered  = "answered"
)

// claimKey is where a context carries the claim that its transactions belong to.
type claimKey struct{}

// ClaimRequest asks for the right to carry a request out. The request has to be carried out in the context that it returns: each transaction in it commits
// together with the fact that the request was carried out, and only while the right is this attempt's. So no request is carried out twice, whatever
// breaks in between.
func (s *Store) ClaimRequest(ctx context.Context, tenant cal.TenantID, r record.Request) (context.Context, record.RequestClaim, error) {
	out := record.RequestClaim{KeyHash: hashOf(r.Key), Token: s.ids.ID("att")}
	err := s.update(ctx, tenant, "claim request", func(ctx context.Context, t *tx) error {
		var err error
		out.State, out.Answer, err = t.claimRequest(ctx, out, r.Fingerprint)
		return err
	})
	if err != nil || out.State != record.RequestClaimed {
		return ctx, out, err
	}
	return context.WithValue(ctx, claimKey{}, out), out, nil
}

func (t *tx) claimRequest(ctx context.Context, mine record.RequestClaim, fingerprint []byte) (record.RequestState, record.Answer, error) {
	err := t.ForgetRequest(ctx, db.ForgetRequestParams{
		TenantID: t.tenant, KeyHash: mine.KeyHash, Before: t.now - keepRequests.Microseconds(), Now: t.now,
	})
	if err != nil {
		return 0, record.Answer{}, err
	}
	sealed, err := t.seal.Seal(t.tenantID(), "requests", "fingerprint", mine.KeyHash, fingerprint)
	if err != nil {
		return 0, record.Answer{}, err
	}
	until := t.now + requestLease.Microseconds()
	n, err := t.InsertRequest(ctx, db.InsertRequestParams{
		TenantID: t.tenant, KeyHash: mine.KeyHash, Fingerprint: sealed, Token: mine.Token, LeaseUntil: until, Empty: []byte{}, Now: t.now,
	})
	if err != nil || n == 1 {
		return record.RequestClaimed, record.Answer{}, err
	}
	return t.claimAgain(ctx, mine, fingerprint)
}

// claimAgain says how far an earlier attempt has come, and takes its place if that has carried out nothing within its time.
func (t *tx) claimAgain(ctx context.Context, mine record.RequestClaim, fingerprint []byte) (record.RequestState, record.Answer, error) {
	var a record.Answer
	row, err := t.RequestByKey(ctx, db.RequestByKeyParams{TenantID: t.tenant, KeyHash: mine.KeyHash})
	if err != nil {
		return 0, a, found(err)
	}
	known, err := t.seal.Open(t.tenantID(), "requests", "fingerprint", mine.KeyHash, row.Fingerprint)
	if err != nil {
		return 0, a, err
	}
	if subtle.ConstantTimeCompare(known, fingerprint) == 0 {
		return record.RequestOther, a, nil
	}
	switch {
	case row.State == requestAnswered:
		_, err := t.openJSON("requests", "answer", mine.KeyHash, row.Answer, &a)
		return record.RequestAnswered, a, err
	case row.LeaseUntil > t.now:
		return record.RequestElsewhere, a, nil
	case row.State == requestCommitted:
		return record.RequestUnanswered, a, nil
	}
	n, err := t.TakeRequest(ctx, db.TakeRequestParams{
		TenantID: t.tenant, KeyHash: mine.KeyHash, Token: mine.Token, LeaseUntil: t.now + requestLease.Microseconds(), Now: t.now,
	})
	if err != nil || n == 1 {
		return record.RequestClaimed, a, err
	}
	return record.RequestElsewhere, a, nil
}

// carries reports whether the transaction belongs to a request with an idempotency key.
func (t *tx) carries(ctx context.Context) bool {
	_, ok := ctx.Value(claimKey{}).(record.RequestClaim)
	return ok
}

// carryOut notes that the request which this transaction belongs to has been carried out. It fails with record.ErrTaken once the right to do so has
// gone to another attempt.
func (t *tx) carryOut(ctx context.Context) error {
	r, ok := ctx.Value(claimKey{}).(record.RequestClaim)
	if !ok {
		return nil
	}
	n, err := t.CommitRequest(ctx, db.CommitRequestParams{TenantID: t.tenant, KeyHash: r.KeyHash, Token: r.Token})
	if err == nil && n == 0 {
		return record.ErrTaken
	}
	return err
}

// ofNoRequest is a context whose transactions are those of no request.
func ofNoRequest(ctx context.Context) context.Context { return context.WithValue(ctx, claimKey{}, nil) }

// SettleRequest stores what a request was answered. It fails with record.ErrTaken once another attempt has begun.
func (s *Store) SettleRequest(ctx context.Context, tenant cal.TenantID, r record.RequestClaim, a record.Answer) error {
	return s.update(ofNoRequest(ctx), tenant, "settle request", func(ctx context.Context, t *tx) error {
		sealed, err := t.sealJSON("requests", "answer", r.KeyHash, a)
		if err != nil {
			return err
		}
		n, err := t.AnswerRequest(ctx, db.AnswerRequestParams{TenantID: t.tenant, KeyHash: r.KeyHash, Token: r.Token, Answer: sealed})
		if err == nil && n == 0 {
			return record.ErrTaken
		}
		return err
	})
}

// GiveBackRequest gives the right back after a request that has changed nothing. Of one that has committed something it is known for good.
func (s *Store) GiveBackRequest(ctx context.Context, tenant cal.TenantID, r record.RequestClaim) error {
	return s.update(ofNoRequest(ctx), tenant, "give request back", func(ctx context.Context, t *tx) error {
		return t.ReleaseRequest(ctx, db.ReleaseRequestParams{TenantID: t.tenant, KeyHash: r.KeyHash, Token: r.Token})
	})
}
