package reference

import (
	"log/slog"
	"time"

	"github.com/resumespec/resumespec/reference/store"
)

// Durability says when the server calls fsync. What it acknowledged survives kill -9 in any case: the
// page cache is the kernel's. Only against the loss of power is fsync needed.
type Durability int

// When fsync is called.
const (
	DurabilityAuto   Durability = iota // SyncAlways for a given folder, SyncNever for a temporary one
	DurabilityAlways                   // fsync before a promise is given
	DurabilityNever                    // no fsync
)

// Options of a Server. The zero value is safe and complete: each field says what zero stands for.
type Options struct {
	// Data is the folder of the state. Empty: a temporary folder that Close removes.
	Data       string
	Durability Durability

	// Users maps a name to the value of the Authorization field that proves it, such as "Bearer a".
	// Nil: everybody may come, and an operation belongs to whoever has the same Authorization field.
	Users map[string]string

	MaxBody int64        // bytes of one request body; 8 GiB
	Limits  store.Limits // quotas; 64 GiB and 65,536 operations per user, four times that in all

	KeepIncomplete time.Duration // how long an upload that nobody continues is kept; 24 h
	KeepDone       time.Duration // how long a final response is kept; 24 h
	SweepEvery     time.Duration // how often expired operations are looked for; 1 min

	HeaderTimeout  time.Duration // for the head of a request; 10 s
	ConnIdle       time.Duration // between two requests of a connection; 60 s
	ReadIdle       time.Duration // without any byte of a request body; 30 s
	MinRate        int64         // bytes per second of a request body, over all of it; 64
	WriteIdle      time.Duration // without any progress of a response; 30 s
	MaxHeaderBytes int           // of a request head; 64 KiB

	// Uploads are what resumable uploads (/files) may be, and are told to be; MaxSize 0: MaxBody, others 0: no limit.
	Uploads UploadLimits

	// Published: resumable uploads are spoken as the newest text will be without its section on versions of the draft: a
	// request that names no version gets 104 (Upload Resumption Supported), too. A server of a draft must not do so.
	Published bool

	// TakeOver is how long an upload must be silent before another PATCH may take over; 300 ms.
	TakeOver time.Duration
	// HashLimit is the number of bytes up to which a body is hashed for the response; 64 MiB. Larger
	// items have no sha256, because hashing them would be what the upload waits for.
	HashLimit int64

	// Seams replaces decisions of the server, for mutants. Nil: none.
	Seams func(*Seams)

	Clock  func() time.Time // of expiry and of dates; time.Now
	Logger *slog.Logger     // nil: nothing is logged
}

const (
	maxRespond = 16 << 20         // bytes of response body that may be asked for
	maxDelay   = 10 * time.Second // of processing that may be asked for
	maxTag     = 256              // bytes
)

func (o Options) withDefaults() Options {
	def(&o.MaxBody, 8<<30)
	def(&o.Limits.UserBytes, 64<<30)
	def(&o.Limits.TotalBytes, 256<<30)
	def(&o.Limits.UserOperations, 1<<16)
	def(&o.Limits.TotalOperations, 1<<18)
	def(&o.KeepIncomplete, 24*time.Hour)
	def(&o.KeepDone, 24*time.Hour)
	def(&o.SweepEvery, time.Minute)
	def(&o.HeaderTimeout, 10*time.Second)
	def(&o.ConnIdle, time.Minute)
	def(&o.ReadIdle, 30*time.Second)
	def(&o.MinRate, 64)
	def(&o.WriteIdle, 30*time.Second)
	def(&o.MaxHeaderBytes, 64<<10)
	def(&o.Uploads.MaxSize, o.MaxBody)
	def(&o.TakeOver, 300*time.Millisecond)
	def(&o.HashLimit, 64<<20)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (o Options) sync() bool {
	switch o.Durability {
	case DurabilityAlways:
		return true
	case DurabilityNever:
		return false
	default:
		return o.Data != ""
	}
}
