package pacts

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Broker is a Pact Broker's HTTP API, 2.86 or later: the endpoint by which pacts are published is found by its relation in the index, as its documentation
// wants (docs.pact.io, "Publish Contracts" and "Publishing verification results").
type Broker struct {
	// Base is the URL of its index.
	Base *url.URL
	// HTTP makes its calls, with a timeout and a bound on answers.
	HTTP *http.Client
	// Authorization is that header; empty sends none. It goes to Base's scheme and host only.
	Authorization string
}

// Publication is what is published of a run.
type Publication struct {
	Version string
	// Branch is the branch that the version is of; empty names none.
	Branch string
	// BuildURL is where the run can be looked at; empty names nothing.
	BuildURL string
}

// Published is what became of one pact.
type Published struct {
	Consumer        string `json:"consumer"`
	ConsumerVersion string `json:"consumer_version"`
	Provider        string `json:"provider"`
	ProviderVersion string `json:"provider_version"`
	OK              bool   `json:"ok"`
}

// Publish hands pacts and the results of their verifications to the broker and says of each when it is done. To publish the same again does no harm: the broker
// knows a pact by its content, and of several results the newest counts. It ends at the first failure; what it has said is done stays.
func (b *Broker) Publish(ctx context.Context, p Publication, all []Result, done func(Published) error) error {
	var index struct {
		Links map[string]json.RawMessage `json:"_links"`
	}
	if err := b.call(ctx, http.MethodGet, b.Base, nil, &index); err != nil {
		return err
	}
	to, err := b.link(index.Links, "pb:publish-contracts")
	if err != nil {
		return fmt.Errorf("%w: a Pact Broker has it from version 2.86 on", err)
	}
	for _, r := range all {
		one := Published{
			Consumer: r.Consumer, ConsumerVersion: versionOf(r.Consumer, p.Version), Provider: r.Provider, ProviderVersion: versionOf(r.Provider, p.Version), OK: r.OK,
		}
		if err := b.contract(ctx, to, p, one, r); err != nil {
			return fmt.Errorf("pact of %s with %s: %w", r.Consumer, r.Provider, err)
		}
		if err := b.result(ctx, p, one); err != nil {
			return fmt.Errorf("result of %s with %s: %w", r.Consumer, r.Provider, err)
		}
		if err := done(one); err != nil {
			return err
		}
	}
	return nil
}

func (b *Broker) contract(ctx context.Context, to *url.URL, p Publication, one Published, r Result) error {
	type contract struct {
		Consumer      string `json:"consumerName"`
		Provider      string `json:"providerName"`
		Specification string `json:"specification"`
		ContentType   string `json:"contentType"`
		Content       string `json:"content"`
	}
	return b.call(ctx, http.MethodPost, to, struct {
		Name      string     `json:"pacticipantName"`
		Version   string     `json:"pacticipantVersionNumber"`
		Branch    string     `json:"branch,omitempty"`
		BuildURL  string     `json:"buildUrl,omitempty"`
		Contracts []contract `json:"contracts"`
	}{r.Consumer, one.ConsumerVersion, p.Branch, p.BuildURL, []contract{
		{r.Consumer, r.Provider, "pact", "application/json", base64.StdEncoding.EncodeToString(r.Pact)},
	}}, nil)
}

func (b *Broker) result(ctx context.Context, p Publication, one Published) error {
	var pact struct {
		Links map[string]json.RawMessage `json:"_links"`
	}
	at := b.Base.JoinPath("pacts", "provider", one.Provider, "consumer", one.Consumer, "version", one.ConsumerVersion)
	if err := b.call(ctx, http.MethodGet, at, nil, &pact); err != nil {
		return err
	}
	if p.Branch != "" && covers(Ours, one.Provider) {
		branch := b.Base.JoinPath("pacticipants", one.Provider, "branches", p.Branch, "versions", one.ProviderVersion)
		if err := b.call(ctx, http.MethodPut, branch, struct{}{}, nil); err != nil {
			return err
		}
	}
	to, err := b.link(pact.Links, "pb:publish-verification-results")
	if err != nil {
		return err
	}
	return b.call(ctx, http.MethodPost, to, struct {
		Success  bool   `json:"success"`
		Version  string `json:"providerApplicationVersion"`
		BuildURL string `json:"buildUrl,omitempty"`
	}{one.OK, one.ProviderVersion, p.BuildURL}, nil)
}

// link is where a relation of a HAL document leads. It has to be the broker itself: what it answers does not decide where the credentials go.
func (b *Broker) link(links map[string]json.RawMessage, relation string) (*url.URL, error) {
	var is struct {
		Href string `json:"href"`
	}
	raw, ok := links[relation]
	if !ok || json.Unmarshal(raw, &is) != nil || is.Href == "" {
		return nil, fmt.Errorf("the broker at %s has no %s", b.Base.Redacted(), relation)
	}
	to, err := b.Base.Parse(is.Href)
	if err != nil {
		return nil, fmt.Errorf("the broker's %s is no URL", relation)
	}
	if to.Scheme != b.Base.Scheme || to.Host != b.Base.Host {
		return nil, fmt.Errorf("the broker's %s leads to %s://%s, which is not the broker: give the URL by which it knows itself", relation, to.Scheme, to.Host)
	}
	return to, nil
}

const maxDetail = 500

// call makes one call. in is its body unless it is nil, and out is filled from the answer unless it is nil.
func (b *Broker) call(ctx context.Context, method string, to *url.URL, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, to.String(), body)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/hal+json, application/json")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if b.Authorization != "" {
		req.Header.Set("Authorization", b.Authorization)
	}
	res, err := b.HTTP.Do(req)
	if err != nil {
		return fmt.Errorf("the broker at %s cannot be reached: %w", b.Base.Redacted(), err)
	}
	raw, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return fmt.Errorf("the broker's answer cannot be read: %w", err)
	}
	if err := refused(res.StatusCode, raw); err != nil {
		return fmt.Errorf("%s %s: %w", method, to.Path, err)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("%s %s: the answer is no JSON: is this a Pact Broker?", method, to.Path)
	}
	return nil
}

// refused says what an answer means that is not the one that was hoped for.
func refused(status int, body []byte) error {
	switch {
	case status >= http.StatusOK && status < http.StatusMultipleChoices:
		return nil
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fmt.Errorf("the broker answered %d: set PACT_BROKER_TOKEN, or PACT_BROKER_USERNAME and PACT_BROKER_PASSWORD, to what may publish", status)
	case status == http.StatusNotFound:
		return errors.New("the broker answered 404: is this the URL of its index?")
	case status == http.StatusConflict:
		return fmt.Errorf("the broker answered 409: it has another pact for this version, and versions do not change: commit, and publish that one%s", detail(body))
	case status >= http.StatusInternalServerError:
		return fmt.Errorf("the broker answered %d: publish again later, which does nothing twice%s", status, detail(body))
	default:
		return fmt.Errorf("the broker answered %d%s", status, detail(body))
	}
}

// detail is what the broker says of a failure, cut off.
func detail(body []byte) string {
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(body), "?")), " ")
	if text == "" {
		return ""
	}
	if r := []rune(text); len(r) > maxDetail {
		text = string(r[:maxDetail]) + "..."
	}
	return ". It says: " + text
}
