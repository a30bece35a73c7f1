package microsoft

import (
	"crypto/sha256"
	"encoding/json"
	"strings"
	"time"

	"github.com/calweave/calweave/internal/sim/stage"
)

// transaction is a transactionId that was used (https://learn.microsoft.com/graph/api/resources/event#properties).
type transaction struct {
	// event is the immutable id of what it made.
	event string
	// body is a digest of the request that it came with.
	body [sha256.Size]byte
	used time.Time
}

// remember keeps what a transactionId was used for. s.mu is held.
func (s *Server) remember(m *mailbox, key string, t transaction) {
	m.transactions[key] = t
	stage.Trim(m.transactions, s.most, func(t transaction) int64 { return t.used.UnixNano() })
}

// transactionKey is under what a transactionId is unique; "" if the document has none.
func (s *Server) transactionKey(cal *calendar, doc map[string]json.RawMessage) string {
	var id string
	if raw := doc["transactionId"]; isNull(raw) || json.Unmarshal(raw, &id) != nil || id == "" {
		return ""
	}
	if s.world.Switches().Microsoft.TransactionScope == stage.ScopeCalendar {
		return cal.id + " " + strings.ToLower(id)
	}
	return strings.ToLower(id)
}

// earlier returns the event that the same request made before, nil if there was none, or the refusal of a transactionId that was used for
// another request. s.mu is held.
func (s *Server) earlier(m *mailbox, key string, doc map[string]json.RawMessage) (*event, error) {
	used, ok := m.transactions[key]
	if key == "" || !ok || s.forgotten(used) {
		return nil, nil //nolint:nilnil // the absence of an earlier request is not a failure
	}
	e := m.events[used.event]
	if e.deleted && s.world.Switches().Microsoft.DeletedTransaction == stage.Ignored {
		return nil, nil //nolint:nilnil // as if it had not been
	}
	if !e.deleted && digest(doc) == used.body {
		return e, nil
	}
	return nil, &graphError{
		status: s.world.Switches().Microsoft.DuplicateTransaction, code: "ErrorDuplicateTransactionId",
		message: "Your request can't be completed. The TransactionId specified in the request has already been used to create a different event.",
		extra:   map[string]any{"@event.existingEventId": e.restID},
	}
}

// forgotten reports whether the transactionId was used too long ago to be remembered.
func (s *Server) forgotten(t transaction) bool {
	n := s.world.Switches().Microsoft.TransactionMinutes
	return n > 0 && s.world.Now().Sub(t.used) > time.Duration(n)*time.Minute
}

// digest is the same for documents that differ in the order of members and in blanks only.
func digest(doc map[string]json.RawMessage) [sha256.Size]byte {
	plain := make(map[string]any, len(doc))
	for name, raw := range doc {
		var v any
		if json.Unmarshal(raw, &v) == nil {
			plain[name] = v
		}
	}
	raw, err := json.Marshal(plain)
	if err != nil {
		return [sha256.Size]byte{} // unreachable: it was JSON a moment ago
	}
	return sha256.Sum256(raw)
}
