package microsoft

import "time"

const (
	// tick is how often, in the machine's time, the server looks whether something is due by the simulators' clock.
	tick = 100 * time.Millisecond
	// remindEvery is how often a subscription asks for authorisation until it gets it, and remindBefore how long before its end it begins
	// (https://learn.microsoft.com/graph/change-notifications-lifecycle-events#responding-to-reauthorizationrequired-notifications).
	remindEvery  = 15 * time.Minute
	remindBefore = time.Hour
)

// The kinds of lifecycle notification.
const (
	reauthorizationRequired = "reauthorizationRequired"
	subscriptionRemoved     = "subscriptionRemoved"
	missedNotifications     = "missed"
)

// authorise notes that the subscription's owner has just shown to be there. What was lost meanwhile is told as missed. s.mu is held.
func (s *Server) authorise(sub *subscription) {
	sub.authorised, sub.reminded = s.world.Now(), time.Time{}
	s.tellMissed(sub)
}

// tellMissed says that notifications were lost, if some were. s.mu is held.
func (s *Server) tellMissed(sub *subscription) {
	if sub.lost {
		sub.lost = false
		s.lifecycle(sub, missedNotifications)
	}
}

// lifecycle sends a lifecycle notification to a subscription that has an address for it. s.mu is held.
func (s *Server) lifecycle(sub *subscription, event string) {
	if sub.LifecycleNotificationURL != "" {
		s.push(sub, sub.LifecycleNotificationURL, event, map[string]any{"lifecycleEvent": event})
	}
}

// wanting is when the subscription begins to ask for authorisation: near its own end, and when its owner's access is taken to end.
func (s *Server) wanting(sub *subscription) time.Time {
	at := sub.expires.Add(-min(remindBefore, sub.expires.Sub(sub.authorised)/2))
	if n := s.world.Switches().Microsoft.ReauthorizeMinutes; n > 0 {
		if end := sub.authorised.Add(time.Duration(n) * time.Minute); end.Before(at) {
			return end
		}
	}
	return at
}

// paused reports whether nothing is sent because the subscription's owner was asked for authorisation for too long.
func (s *Server) paused(sub *subscription) bool {
	n := s.world.Switches().Microsoft.ReauthorizeMinutes
	return n > 0 && s.world.Now().Sub(sub.authorised) > time.Duration(n)*time.Minute+remindBefore
}

// lapse does what is due by the clock: reminders, late notifications, and word of what was lost. The World calls it several times a second.
func (s *Server) lapse() {
	now := s.world.Now()
	for _, push := range s.health.due(now) {
		s.world.Pusher.Send(push)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sub := range s.subscriptions {
		if !s.alive(sub) {
			delete(s.subscriptions, sub.id) // what is over is not kept
			continue
		}
		if !now.Before(s.wanting(sub)) && now.Sub(sub.reminded) >= remindEvery {
			sub.reminded = now
			s.lifecycle(sub, reauthorizationRequired)
		}
		if !s.paused(sub) && !s.health.shunned(sub.NotificationURL, now) {
			s.tellMissed(sub)
		}
	}
}
