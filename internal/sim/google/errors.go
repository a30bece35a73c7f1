package google

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/calweave/calweave/internal/sim/stage"
)

// apiError is an error in the form of https://developers.google.com/workspace/calendar/api/guides/errors.
type apiError struct {
	status       int
	domain       string
	reason       string
	message      string
	locationType string
	location     string
	// retryAfter is the header in seconds; 0 is none.
	retryAfter int
	// scopes are those of which a token has to have one; set where it has none of them.
	scopes []string
}

func (e *apiError) Error() string { return e.reason + ": " + e.message }

func failed(status int, reason, message string) *apiError {
	return &apiError{status: status, domain: "global", reason: reason, message: message}
}

func (e *apiError) at(locationType, location string) *apiError {
	e.locationType, e.location = locationType, location
	return e
}

func (e *apiError) in(domain string) *apiError {
	e.domain = domain
	return e
}

func invalid(message string) *apiError { return failed(http.StatusBadRequest, "invalid", message) }

func invalidParameter(name, message string) *apiError { return invalid(message).at("parameter", name) }

func required(message string) *apiError { return failed(http.StatusBadRequest, "required", message) }

// insufficient refuses a token whose scopes do not allow the call; one of the named scopes would.
func insufficient(enough []string) *apiError {
	e := failed(http.StatusForbidden, "insufficientPermissions", "Insufficient Permission")
	for _, scope := range enough {
		e.scopes = append(e.scopes, scopePrefix+scope)
	}
	return e
}

func notFound() *apiError { return failed(http.StatusNotFound, "notFound", "Not Found") }

func deleted() *apiError { return failed(http.StatusGone, "deleted", "Resource has been deleted") }

func conditionNotMet() *apiError {
	return failed(http.StatusPreconditionFailed, "conditionNotMet", "Precondition Failed").at("header", "If-Match")
}

func fullSyncRequired() *apiError {
	return failed(http.StatusGone, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.").in("calendar").at("parameter", "syncToken")
}

func notSimulated(what string) *apiError {
	return failed(http.StatusNotImplemented, "notSimulated", "The simulator does not do this yet: "+what)
}

func (e *apiError) write(w http.ResponseWriter) {
	item := map[string]string{"domain": e.domain, "reason": e.reason, "message": e.message}
	if e.locationType != "" {
		item["locationType"], item["location"] = e.locationType, e.location
	}
	if e.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="https://accounts.google.com/", error="invalid_token"`)
	}
	if e.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(e.retryAfter))
	}
	body := map[string]any{"errors": []any{item}, "code": e.status, "message": e.message}
	if len(e.scopes) > 0 {
		w.Header().Set("WWW-Authenticate",
			`Bearer realm="https://accounts.google.com/", error="insufficient_scope", scope="`+strings.Join(e.scopes, " ")+`"`)
		lacking(body)
	}
	writeJSON(w, e.status, map[string]any{"error": body})
}

// lacking adds what Google's front adds to the error of a token without the scope, which it refuses before the calendar sees the request
// (https://cloud.google.com/apis/design/errors#error_info). Not documented for the calendar: clients report it.
func lacking(body map[string]any) {
	body["message"], body["status"] = "Request had insufficient authentication scopes.", "PERMISSION_DENIED"
	body["details"] = []any{map[string]string{
		"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "domain": "googleapis.com",
	}}
}

// writeError answers with err, which is an *apiError or a mistake of the simulator's own.
func writeError(w http.ResponseWriter, err error) {
	if e, ok := errors.AsType[*apiError](err); ok {
		e.write(w)
		return
	}
	failed(http.StatusInternalServerError, "backendError", "Backend Error").write(w)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		status, raw = http.StatusInternalServerError, []byte(`{"error":{"code":500,"message":"the simulator cannot marshal its answer"}}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(raw, '\n')) // a client that has gone needs no answer
}

// refuse answers with the error that a fault asks for, or that its status usually has.
func refuse(w http.ResponseWriter, _ *http.Request, f stage.Fault) {
	e := usual(f.Status)
	if f.Code != "" {
		e.reason, e.domain = f.Code, domainOf(f.Code)
	}
	if text := messageOf(f.Code); text != "" {
		e.message = text
	}
	if f.Message != "" {
		e.message = f.Message
	}
	e.write(w)
}

func usual(status int) *apiError {
	switch status {
	case http.StatusUnauthorized:
		return failed(status, "authError", "Invalid Credentials").at("header", "Authorization")
	case http.StatusForbidden, http.StatusTooManyRequests:
		return failed(status, "rateLimitExceeded", "Rate Limit Exceeded").in("usageLimits")
	case http.StatusNotFound:
		return notFound()
	case http.StatusConflict:
		return failed(status, "duplicate", "The requested identifier already exists.")
	case http.StatusGone:
		return fullSyncRequired()
	case http.StatusPreconditionFailed:
		return conditionNotMet()
	case http.StatusBadRequest:
		return failed(status, "badRequest", "Bad Request")
	case http.StatusRequestEntityTooLarge: // as Google's other APIs say it (https://developers.google.com/youtube/v3/docs/core_errors); no page of the calendar's does
		return failed(status, "uploadTooLarge", "Request Entity Too Large")
	default:
		return failed(status, "backendError", "Backend Error")
	}
}

func domainOf(reason string) string {
	switch reason {
	case "rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded":
		return "usageLimits"
	case "forbiddenForNonOrganizer", "fullSyncRequired", "updatedMinTooLongAgo", "timeRangeEmpty", "tooManyCalendarsRequested":
		return "calendar"
	default:
		return "global"
	}
}

func messageOf(reason string) string {
	switch reason {
	case "rateLimitExceeded":
		return "Rate Limit Exceeded"
	case "userRateLimitExceeded":
		return "User Rate Limit Exceeded"
	case "quotaExceeded":
		return "Calendar usage limits exceeded."
	case "forbiddenForNonOrganizer":
		return "Shared properties can only be changed by the organizer of the event."
	case "deleted":
		return "Resource has been deleted"
	default:
		return ""
	}
}
