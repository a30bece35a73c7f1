package microsoft

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"

	"github.com/calweave/calweave/internal/sim/stage"
)

// graphError is an error in the form of https://learn.microsoft.com/graph/errors.
type graphError struct {
	status  int
	code    string
	message string
	// extra are further members of the error object.
	extra map[string]any
	// location is where to go instead.
	location string
}

func (e *graphError) Error() string { return e.code + ": " + e.message }

func failed(status int, code, message string) *graphError {
	return &graphError{status: status, code: code, message: message}
}

func badRequest(code, message string) *graphError {
	return failed(http.StatusBadRequest, code, message)
}

func itemNotFound() *graphError {
	return failed(http.StatusNotFound, "ErrorItemNotFound", "The specified object was not found in the store.")
}

func resourceNotFound() *graphError {
	return failed(http.StatusNotFound, "ResourceNotFound", "The object was not found.")
}

func accessDenied() *graphError {
	return failed(http.StatusForbidden, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
}

// requestDenied is how the directory denies, which is not the mailbox (https://learn.microsoft.com/graph/resolve-auth-errors).
func requestDenied() *graphError {
	return failed(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
}

// ofDirectory is the error that a mailbox cannot be reached with, as the directory words it.
func ofDirectory(err error, user string) error {
	e, ok := errors.AsType[*graphError](err)
	switch {
	case ok && e.code == "ErrorInvalidUser":
		return failed(http.StatusNotFound, "Request_ResourceNotFound", "Resource '"+user+"' does not exist or one of its queried reference-property objects are not present.")
	case ok && e.status == http.StatusForbidden:
		return requestDenied()
	}
	return err
}

func conflict() *graphError {
	return failed(http.StatusPreconditionFailed, "ErrorIrresolvableConflict",
		"The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item.")
}

func notSimulated(what string) *graphError {
	return failed(http.StatusNotImplemented, "NotSimulated", "The simulator does not do this yet: "+what)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
	writeRaw(w, status, v)
}

func writeRaw(w http.ResponseWriter, status int, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		status, raw = http.StatusInternalServerError, []byte(`{"error":{"code":"InternalServerError","message":"the simulator cannot marshal its answer"}}`)
	}
	w.WriteHeader(status)
	_, _ = w.Write(raw) // a client that has gone needs no answer
}

// writeError answers with err, which is a *graphError or a mistake of the simulator's own.
func (s *Server) writeError(w http.ResponseWriter, r *http.Request, err error) {
	e, ok := errors.AsType[*graphError](err)
	if !ok {
		e = failed(http.StatusInternalServerError, "UnknownError", "")
	}
	request := s.world.IDs.UUID()
	client := r.Header.Get("client-request-id")
	if client == "" {
		client = request
	}
	body := map[string]any{
		"code": e.code, "message": e.message,
		"innerError": map[string]string{"date": s.world.Now().Format("2006-01-02T15:04:05"), "request-id": request, "client-request-id": client},
	}
	maps.Copy(body, e.extra)
	if e.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", challenge(e.code))
	}
	if e.location != "" {
		w.Header().Set("Location", e.location)
	}
	w.Header().Set("request-id", request)
	w.Header().Set("client-request-id", client)
	writeJSON(w, e.status, map[string]any{"error": body})
}

// outdated is the code of an access token that is refused although it has not expired: the client has to fetch one that meets the claims
// (https://learn.microsoft.com/entra/identity-platform/app-resilience-continuous-access-evaluation). A fault asks for it.
const outdated = "TokenCreatedWithOutdatedPolicies"

func challenge(code string) string {
	text := `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`
	if code == outdated {
		text += `, error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(claims)) + `"`
	}
	return text
}

// refuse answers with the error that a fault asks for, or that its status usually has.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, f stage.Fault) {
	e := usual(f.Status)
	if f.Action == stage.ActCursorLost {
		e = s.resync(e.message)
	}
	if f.Code != "" {
		e.code = f.Code
	}
	if f.Message != "" {
		e.message = f.Message
	}
	s.writeError(w, r, e)
}

func usual(status int) *graphError {
	switch status {
	case http.StatusBadRequest:
		return badRequest("ErrorInvalidRequest", "Your request can't be completed.")
	case http.StatusUnauthorized:
		return failed(status, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
	case http.StatusForbidden:
		return accessDenied()
	case http.StatusNotFound:
		return itemNotFound()
	case http.StatusConflict:
		return failed(status, "ErrorConflict", "The request conflicts with the current state of the resource.")
	case http.StatusGone:
		return failed(status, "SyncStateNotFound", "The sync state generation is not found; generation=0;[highest=0].")
	case http.StatusPreconditionFailed:
		return conflict()
	case http.StatusRequestEntityTooLarge: // the code is not documented
		return failed(status, "RequestEntityTooLarge", "The request entity is too large.")
	case http.StatusTooManyRequests:
		return failed(status, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.")
	case http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return failed(status, "UnknownError", "")
	default:
		return failed(status, "ErrorInternalServerError", "An internal server error occurred. The operation failed.")
	}
}
