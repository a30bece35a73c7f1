package google

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"

	"google.golang.org/api/googleapi"
)

// call is a request that the SDK's types are too narrow for.
type call struct {
	method string
	// path is a template below the base URL; ids fill and escape it.
	path   string
	ids    map[string]string
	query  url.Values
	header http.Header
	body   []byte
}

// send sends r once and decodes the answer into out. It builds the URL and reads a refusal with the SDK's own functions, so that its errors
// are those of every other call.
func (c *client) send(ctx context.Context, r call, out any) error {
	r.query.Set("alt", "json")
	r.query.Set("prettyPrint", "false")
	target := googleapi.ResolveRelative(c.service.BasePath, r.path) + "?" + r.query.Encode()
	req, err := http.NewRequestWithContext(ctx, r.method, target, bytes.NewReader(r.body))
	if err != nil {
		return err
	}
	googleapi.Expand(req.URL, r.ids)
	maps.Copy(req.Header, r.header)
	if len(r.body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if err := googleapi.CheckResponse(res); err != nil {
		return err
	}
	return json.NewDecoder(res.Body).Decode(out)
}
