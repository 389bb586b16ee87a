package matrix

// RestartKept asks that an interrupted upload is still there after a restart.
func RestartKept(f *Flow) {
	op := f.Interrupted(Usual, Usual/2+123) // no multiple of anything that a server may keep its bytes in
	before := f.Settled(f.D, op)
	f.restart()
	expected := "the " + Itoa(before) + " bytes that were kept before the restart"
	after, gone := f.told(op, expected)
	if gone && before == 0 {
		f.Unsupported("nothing of the upload was kept before the restart")
	}
	if gone || after < before {
		f.Broken(expected, "%d bytes", after)
	}
	f.Completed(op)
}

// RestartIntact asks that an upload is gone after a restart, or resumes to its end.
func RestartIntact(f *Flow) {
	for _, at := range []int64{1, Usual / 2, Usual - 1} {
		f.Round()
		op := f.OpAs(NewTag(), Usual)
		effects := f.Effects(f.W, op.Tag)
		f.Interrupt(f.D, op, f.At(RequestBody, at))
		f.Resumable(op)
		f.Settled(f.D, op)
		f.restart()
		effects.None("of an upload that was cut before the restart")
		op.Known = -1 // what a server forgets in a restart is restart.kept's business
		if _, gone := f.told(op, "an offset, or 404 or 410"); gone {
			f.Uploaded(f.OpAs(op.Tag, Usual))
		} else {
			f.Completed(op)
		}
		effects.Once("of an upload that was completed after a restart")
	}
}

// RestartResponse asks that a lost response is still there after a restart.
func RestartResponse(f *Flow) {
	twins := f.TwinsOf(f.Set.Upload)
	op := f.Op(Usual)
	effects := f.Effects(f.W, op.Tag)
	f.LostReplayable(op, f.At(ResponseHead, 0))
	f.Replayed(f.D, op)
	f.restart()
	req, err := f.D.Outcome(op)
	f.offered(err)
	if r := f.Do("the question for the outcome", req); r.Status == 404 || r.Status == 410 {
		f.Broken("the response that was there before the restart", "%d", r.Status)
	}
	f.Intact(f.W, op, f.Available(op, twins))
	effects.Once("of an upload whose response was lost before a restart")
}

// restart gives the case its time anew: how long a server takes to come up is not what is tested.
func (f *Flow) restart() {
	f.Round()
	f.Restart()
	f.Round()
}
