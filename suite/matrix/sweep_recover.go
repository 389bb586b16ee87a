package matrix

import (
	"github.com/resumespec/resumespec/faults"
	"github.com/resumespec/resumespec/suite/exchange"
)

// recoverRequest brings an upload whose request was cut to its end.
func (b *sweeping) recoverRequest(a *attempt) {
	if a.part.place == faults.RequestHead {
		b.reissue(a, "of a request whose head was cut")
		return
	}
	if _, err := b.Driver.Offset(a.op); err != nil {
		a.effects.None("of an upload that was cut")
		a.offered(err)
	}
	if a.at == a.part.To {
		b.recoverLost(a)
		return
	}
	a.Settled(b.Driver, a.op)
	a.effects.None("of an upload that was cut")
	at := a.Offset(b.Driver, a.op)
	b.judge(a, a.Finish(b.Driver, a.op, at))
}

// recoverResponse brings an upload whose response was cut to its end. A client that has not read the 100 has had no
// leave to send its body, and issues the request again.
func (b *sweeping) recoverResponse(a *attempt) {
	if a.part.place == faults.Continue {
		b.reissue(a, "of a request whose 100 (Continue) was cut")
		return
	}
	b.recoverLost(a)
	if final := a.trial.Final; final != nil && final.Complete && framed(final) {
		b.twins.in(a.Session).Same(a.op, &Outcome{Response: final, Bases: bases(a.op), Via: "the request"})
	}
}

// framed says whether a response ends by itself: one that ends with its connection looks whole wherever it is cut.
func framed(r *exchange.Response) bool {
	return r.Fields.Has("Content-Length") || r.Fields.Has("Transfer-Encoding")
}

// reissue sends the same request again, whole, after an interruption that may have changed nothing.
func (b *sweeping) reissue(a *attempt, of string) {
	a.effects.None(of)
	b.judge(a, a.Upload(b.Driver, a.op))
}

// recoverLost takes the final response of an upload that arrived whole; where the server shows it to nobody again, the
// stored bytes and the effect tell that it did.
func (b *sweeping) recoverLost(a *attempt) {
	_, hidden := b.Driver.Outcome(a.op)
	if a.part.place == faults.RequestBody || hidden != nil {
		a.EnsureWhole(b.Driver, a.op)
	}
	if hidden == nil {
		b.judge(a, a.Replayed(b.Driver, a.op))
		return
	}
	a.Intact(b.Witness, a.op, &Outcome{Response: a.trial.Final, Bases: bases(a.op), Places: b.Driver.Downloads(a.op)})
	a.effects.Once("of an upload whose response was lost")
}

// judge asks of a recovered upload that nothing shows its interruption. The twins come last: they may take further
// ones, which have effects of their own.
func (b *sweeping) judge(a *attempt, o *Outcome) {
	a.Intact(b.Witness, a.op, a.Placed(b.Witness, b.Driver, a.op, o))
	a.effects.Once("of an upload that was cut and recovered")
	b.twins.in(a.Session).Same(a.op, o)
}
