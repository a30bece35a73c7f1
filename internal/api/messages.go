package api

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// Messages is the feed: every message of a tenant in the order of the commits.
type Messages interface {
	// Feed returns messages after a position. A message that is committed later gets a later position.
	Feed(ctx context.Context, tenant cal.TenantID, after int64, limit int) ([]record.FeedItem, error)
}

// ListMessages is GET /v1/messages.
func (s *Server) ListMessages(ctx context.Context, r gen.ListMessagesRequestObject) (gen.ListMessagesResponseObject, error) {
	limit, err := pageSize(r.Params.Limit)
	if err != nil {
		return nil, err
	}
	var after int64
	if r.Params.After != nil {
		var ok bool
		if after, ok = parsePosition(*r.Params.After); !ok {
			return nil, refuse(record.ReasonInvalid, wrongParameter,
				message.Problem{Pointer: "query: after", Detail: "this is no next_cursor of this list: leave it out to begin with the first message"})
		}
	}
	items, err := s.Messages.Feed(ctx, identity(ctx).Tenant, after, limit)
	if err != nil {
		return nil, err
	}
	page := gen.MessagePage{Messages: []message.Envelope{}}
	for _, item := range items {
		page.Messages, after = append(page.Messages, item.Envelope), item.Position
	}
	page.NextCursor = positionText(after)
	return gen.ListMessages200JSONResponse(page), nil
}

// positionPrefix tells a cursor of this form from any other that may follow.
const positionPrefix = "feed1:"

// positionText hides a position, which nobody is to count with.
func positionText(at int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte(positionPrefix + strconv.FormatInt(at, 36)))
}

// parsePosition reads what positionText has written, in that very spelling.
func parsePosition(text string) (int64, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return 0, false
	}
	digits, ok := strings.CutPrefix(string(raw), positionPrefix)
	at, err := strconv.ParseInt(digits, 36, 64)
	return at, ok && err == nil && at >= 0 && positionText(at) == text
}
