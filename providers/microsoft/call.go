package microsoft

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	jsonserialization "github.com/microsoft/kiota-serialization-json-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"
)

// call is a request of the SDK's with what its builder does not say.
type call struct {
	info *abstractions.RequestInformation
	// prefer is asked for besides immutable ids, in one header: Kiota sends several in an order of chance.
	prefer []string
	// ifMatch is the ETag to write against; empty for none.
	ifMatch string
	// body takes the place of the SDK's own; nil for none.
	body any
}

// send sends r once and returns the body of the answer.
func (c *client) send(ctx context.Context, r call) ([]byte, error) {
	r.info.Headers.Add("Prefer", strings.Join(append([]string{preferImmutable}, r.prefer...), ", "))
	r.info.Headers.Add("If-Match", r.ifMatch)
	if r.body != nil {
		raw, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		r.info.Content = raw
	}
	answer, err := c.adapter.SendPrimitive(ctx, r.info, "[]byte", abstractions.ErrorMappings{
		"XXX": odataerrors.CreateODataErrorFromDiscriminatorValue,
	})
	if err != nil {
		return nil, err
	}
	raw, ok := answer.([]byte)
	if !ok { // 204, or an empty body
		return nil, nil
	}
	return raw, nil
}

var errNoObject = errors.New("no object of the documented form")

// decode reads raw with one of the SDK's models.
func decode[T serialization.Parsable](raw []byte, model serialization.ParsableFactory) (T, error) {
	var none T
	node, err := jsonserialization.NewJsonParseNode(raw)
	if err != nil {
		return none, fmt.Errorf("%w: %w", errNoObject, err)
	}
	value, err := node.GetObjectValue(model)
	if err != nil {
		return none, fmt.Errorf("%w: %w", errNoObject, err)
	}
	out, ok := value.(T)
	if !ok {
		return none, errNoObject
	}
	return out, nil
}
