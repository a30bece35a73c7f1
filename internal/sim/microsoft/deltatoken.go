package microsoft

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/calweave/calweave/internal/sim/stage"
)

// chain is one round trip of listings: a full one and all that follow from its links. Each link that is given out is a new generation of the
// chain, and only the latest few can be used.
type chain struct {
	generation int
	// used is when a link was last given out, in numbers of links.
	used int64
}

// deltaToken is what a $skiptoken or $deltatoken stands for. Clients see it encoded, inside a link.
type deltaToken struct {
	Chain      string    `json:"i"`
	Generation int       `json:"g"`
	Mailbox    string    `json:"m"`
	Calendar   string    `json:"c"`
	Epoch      int       `json:"e,omitempty"`
	Start      time.Time `json:"s"`
	End        time.Time `json:"t"`
	// Changes tells a listing of changes from one of everything, and Paging a $skiptoken from a $deltatoken.
	Changes bool `json:"d,omitempty"`
	Paging  bool `json:"p,omitempty"`
	// Pos is where the page begins: a change's number, or the position of an item in the order of creation.
	Pos int64 `json:"n,omitempty"`
	// Sub is how many rows of that item the pages before have shown.
	Sub int `json:"o,omitempty"`
	// UpTo is the latest change when the listing began: where the next one will begin.
	UpTo int64 `json:"u,omitempty"`
}

func (t deltaToken) String() string {
	raw, err := json.Marshal(t)
	if err != nil {
		return "" // unreachable: strings, numbers and times in range always marshal
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// seal is what a link must bring back beside its token, to show that it was replayed as it was.
func (t deltaToken) seal() string {
	sum := sha256.Sum256([]byte(t.String()))
	return hex.EncodeToString(sum[:6])
}

func parseDeltaToken(text string) (deltaToken, bool) {
	var t deltaToken
	raw, err := base64.RawURLEncoding.DecodeString(text)
	return t, err == nil && json.Unmarshal(raw, &t) == nil && t.Chain != ""
}

// live fails on a token whose generation is no longer kept, in the words that were reported
// (https://learn.microsoft.com/graph/delta-query-overview#synchronization-reset). s.mu is held.
func (s *Server) live(t deltaToken, cal *calendar) *graphError {
	c := s.chains[t.Chain]
	kept := s.world.Switches().Microsoft.Generations
	if c != nil && t.Epoch == cal.epoch && t.Generation > c.generation-kept {
		return nil
	}
	highest := 0
	if c != nil {
		highest = c.generation
	}
	var list strings.Builder
	for g := highest; g > max(highest-kept, 0); g-- {
		fmt.Fprintf(&list, "[%d]", g)
	}
	return s.resync(fmt.Sprintf("The sync state generation is not found; generation=%d;[highest=%d]%s.", t.Generation, highest, list.String()))
}

// resync is the error that ends a chain.
func (s *Server) resync(message string) *graphError {
	m := s.world.Switches().Microsoft
	return failed(m.ResyncStatus, m.ResyncCode, message)
}

// issue makes the token the newest generation of its chain. s.mu is held.
func (s *Server) issue(t deltaToken) deltaToken {
	c := s.chains[t.Chain]
	c.generation++
	s.links++
	c.used = s.links
	// the links of chains that were not used for longest die, as links do
	stage.Trim(s.chains, s.most, func(c *chain) int64 { return c.used })
	t.Generation = c.generation
	return t
}
