package simproof_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"
)

// batchPart is one request of a batch, and batchAnswer its answer (https://learn.microsoft.com/graph/json-batching).
type batchPart struct {
	ID     string `json:"id"`
	Method string `json:"method"`
	URL    string `json:"url"`
}

type batchAnswer struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

// judgeBatch judges each answer in a batch as if it had come alone. Of a batch whose requests are not known, as those of samples, the errors are
// judged.
func judgeBatch(r *http.Request, body []byte) error {
	var batch struct {
		Responses []batchAnswer `json:"responses"`
	}
	if err := json.Unmarshal(body, &batch); err != nil || batch.Responses == nil {
		return fmt.Errorf("no batch: %w: %s", err, body)
	}
	asked, err := partsOf(r)
	if err != nil {
		return err
	}
	known := len(asked) > 0
	for _, answer := range batch.Responses {
		if answer.ID == "" || answer.Status < 200 {
			return fmt.Errorf("an answer in a batch without id or status: %s", body)
		}
		part, wanted := asked[answer.ID]
		delete(asked, answer.ID)
		if known && !wanted {
			return fmt.Errorf("%s in a batch answers nothing, or what was answered", answer.ID)
		}
		if err := answer.judge(part, known); err != nil {
			return fmt.Errorf("%s in a batch: %w", answer.ID, err)
		}
	}
	if len(asked) > 0 {
		return fmt.Errorf("a batch leaves %v without an answer", asked)
	}
	return nil
}

func (a batchAnswer) judge(part batchPart, known bool) error {
	switch {
	case known && a.Status != http.StatusFailedDependency:
		alone := httptest.NewRequest(part.Method, "/v1.0/"+strings.TrimPrefix(part.URL, "/"), nil)
		_, err := judgeGraph(alone, a.Status, a.Headers["Content-Type"], a.Body)
		return err
	case a.Status >= http.StatusBadRequest:
		return through(a.Body, odataerrors.CreateODataErrorFromDiscriminatorValue)
	default:
		return nil // which request it answers is not known
	}
}

// partsOf are the requests of a batch by id.
func partsOf(r *http.Request) (map[string]batchPart, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil || len(raw) == 0 {
		return nil, err
	}
	var batch struct {
		Requests []batchPart `json:"requests"`
	}
	if err := json.Unmarshal(raw, &batch); err != nil {
		return nil, err
	}
	all := map[string]batchPart{}
	for _, part := range batch.Requests {
		all[part.ID] = part
	}
	return all, nil
}

func TestBatchJudgeCanFail(t *testing.T) {
	t.Parallel()
	const typed = `"headers":{"Content-Type":"application/json"}`
	for name, c := range map[string]struct{ asked, body, want string }{
		"an event":           {`{"id":"1","method":"GET","url":"/me/events/x"}`, `{"id":"1","status":200,` + typed + `,"body":{"id":"x","subject":"y"}}`, ""},
		"no such property":   {`{"id":"1","method":"GET","url":"/me/events/x"}`, `{"id":"1","status":200,` + typed + `,"body":{"title":"y"}}`, "title"},
		"no type":            {`{"id":"1","method":"GET","url":"/me/events/x"}`, `{"id":"1","status":200,"body":{"id":"x"}}`, "content type"},
		"an answer too many": {`{"id":"1","method":"DELETE","url":"/me/events/x"}`, `{"id":"1","status":204},{"id":"1","status":204}`, "answers nothing"},
		"an answer too few":  {`{"id":"1","method":"DELETE","url":"/me/events/x"},{"id":"2","method":"GET","url":"/me"}`, `{"id":"1","status":204}`, "without an answer"},
		"a failed one":       {`{"id":"1","method":"GET","url":"/me"}`, `{"id":"1","status":424,"body":{"error":{"code":"FailedDependency","reason":"x"}}}`, "reason"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/v1.0/$batch", strings.NewReader(`{"requests":[`+c.asked+`]}`))
		_, err := judgeGraph(r, http.StatusOK, "application/json", []byte(`{"responses":[`+c.body+`]}`))
		if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
