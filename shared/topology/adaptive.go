package topology

// The subjects of adaptive rescheduling, for requests that are answered. Each is
// taken by one of the services that listen, all of them in the queue group of the
// same name.
const (
	Adaptations  = "adaptive.changes" // a recorder asks a gateway to change schedules
	AdaptivePass = "adaptive.pass"    // a gateway asks a recorder for a pass now
)
