package matrix

import (
	"strings"

	"github.com/resumespec/resumespec/suite/catalog"
)

// Terms are a profile's words for what the interruption matrix does, and where its sources stand.
type Terms struct {
	Profile string // "byterange"
	Ask     string // how a client asks for the offset: "HEAD on the document"
	Write   string // what brings the rest: "PATCH"
	Outcome string // how a client sees the outcome again: "GET on the status resource"; "" where it cannot
	Place   string // from where is downloaded: "the document"

	// Source of each area: "before100", "upload", "response", "download", "restart", "sweep".
	Source map[string]catalog.Source
	// Omit names the cases that the protocol has no room for ("upload.unknown-length"), and why.
	Omit map[string]string
	// Level overrides the level of a case, where the protocol's source asks for less.
	Level map[string]catalog.Level
	// Plain is a client that does not ask for resumption; nil where the protocol knows none.
	Plain Driver
}

// point is a case of the matrix, the same for every profile but for its words.
type point struct {
	name                        string // "upload.offsets"
	level                       catalog.Level
	faults                      []string
	needs                       []catalog.Need
	requires, why, sends, wrong string
	run                         func(*Flow)
	loose                       string // what the sources do not say; "" where they do
}

// Omitted gives the cases of the interruption matrix that a profile has no room for, and why.
func Omitted(t Terms) []catalog.Omission {
	var all []catalog.Omission
	for _, p := range points(t) {
		if t.omits(p) {
			all = append(all, catalog.Omission{ID: t.Profile + "." + p.name, Why: t.Omit[p.name]})
		}
	}
	return all
}

func (t Terms) omits(p point) bool {
	_, omitted := t.Omit[p.name]
	return omitted || p.usesOutcome() && t.Outcome == ""
}

// Points gives the cases of the interruption matrix for a profile. With makes a flow of a session.
func Points(t Terms, with func(func(*Flow)) func(*Session)) []Check {
	words := strings.NewReplacer("{ask}", t.Ask, "{write}", t.Write, "{outcome}", t.Outcome, "{place}", t.Place)
	var checks []Check
	for _, p := range points(t) {
		if t.omits(p) {
			continue
		}
		area, _, _ := strings.Cut(p.name, ".")
		source := t.Source[area]
		if source.Loose == "" {
			source.Loose = p.loose
		}
		level := p.level
		if other, ok := t.Level[p.name]; ok {
			level = other
		}
		unkilled := ""
		if area == "sweep" {
			unkilled = Unswept
		}
		checks = append(checks, Check{
			Case: catalog.Case{
				ID: t.Profile + "." + p.name, Level: level, Source: source, Point: p.point(area), Faults: p.faults, Needs: p.needs, Sweep: area == "sweep", Unkilled: unkilled,
				Requires: words.Replace(p.requires), Why: words.Replace(p.why), Sends: words.Replace(p.sends), Failure: words.Replace(p.wrong),
			},
			Run: with(p.run),
		})
	}
	return checks
}

// pointOf gives the interruption point of each area.
var pointOf = map[string]string{
	"before100": "before-100", "upload": "mid-upload", "response": "pre-response", "download": "partial-download", "restart": "mid-upload", "sweep": "mid-upload",
}

// point gives the interruption point of a case.
func (p point) point(area string) string {
	switch p.name {
	case "restart.response", "sweep.response":
		return "pre-response"
	}
	return pointOf[area]
}

// usesOutcome says whether a case is about seeing the outcome again.
func (p point) usesOutcome() bool { return strings.Contains(p.requires+p.sends, "{outcome}") }

func points(t Terms) []point {
	var all []point
	for _, area := range [][]point{pointsBefore100(), pointsUpload(t), pointsResume(), pointsResponse(), pointsDownload(), pointsRestart(), pointsSweep()} {
		all = append(all, area...)
	}
	return all
}

func pointsBefore100() []point {
	must, count := catalog.Must, []catalog.Need{catalog.NeedCount}
	return []point{
		{"before100.head-cut", must, EveryFault, nil,
			"A request whose head is cut, at its first byte, in the request line, inside a field name or before its last CRLF, changes nothing, and can be issued again.",
			"The client re-issues what it could not finish asking; an effect from half a head would then happen twice.",
			"The head of an upload, cut at each of these bytes; then the whole request again.",
			"Half a head is acted on, or the broken connection blocks the next request.", BeforeHeadCut, ""},
		{"before100.lost", must, EveryFault, nil,
			"When the 100 (Continue) is lost, whole, from the middle of its status line, or but for its last CRLF, the request can be issued again and takes effect once.",
			"The client cannot tell a lost 100 from one that was never sent; both must be safe to repeat.",
			"The whole head of an upload; the connection is cut inside the 100; then the whole request again.",
			"The server takes the upload for begun although the client never had leave to send its body, and refuses it the second time.", BeforeLost, ""},
		{"before100.state-unchanged", must, EveryFault, count,
			"An interruption before 100 (Continue) has no effect.",
			"The client sends nothing but a question; what it asks for must not have happened when the answer is lost.",
			"The head of an upload, cut in the head and around the 100; then a read of the number of effects.",
			"A document is made, emptied or counted when the request arrives instead of when its body has.", BeforeUnchanged, ""},
		{"before100.reissue", must, EveryFault, nil,
			"After an interruption before 100 (Continue) the same request, issued again, succeeds, and its effect happens exactly once.",
			"Re-issuing is all that the client can do.",
			"The head of an upload, cut before any byte of the 100; then the same request again, whole.",
			"The second request is refused as a repetition, or both take effect.", BeforeReissue, ""},
		{"before100.repeated", must, EveryFault, nil,
			"Fifty interruptions in a row before 100 (Continue) leave no lock and no visible trace: the next request succeeds, about as fast as an undisturbed one.",
			"On a bad line a client may need many attempts before the first byte of its body moves.",
			"Fifty heads whose 100 is cut off, then the whole request.",
			"Each interrupted request keeps a lock, a worker or a slot of a quota.", BeforeRepeated,
			"how long a server may take is not said: the ratio to its own undisturbed time decides"},
	}
}

func pointsUpload(t Terms) []point {
	must, should := catalog.Must, catalog.Should
	return []point{
		{"upload.offset-lawful", must, EveryFault, nil,
			"After an interruption {ask} gives the offset at which to go on, and never more than was sent.",
			"A client that is told too much leaves a hole in its upload; one that is told nothing cannot go on.",
			"An upload cut in the middle of its body; then {ask}.",
			"The upload is forgotten with the connection, or the length announced is told instead of the length received.", UploadLawful, ""},
		{"upload.kept", should, FinOnly, nil,
			"What reached the server before the connection was closed in order is kept.",
			"Whoever keeps nothing makes the client send everything again.",
			"An upload of 128 KiB cut after 96 KiB; then {ask}, repeated while it says 0.",
			"The upload is held in memory that goes away with the request, or is written only at its end.", UploadKept, ""},
		{"upload.offset-accepted", must, EveryFault, nil,
			"The offset that {ask} gave is accepted by the next {write}.",
			"A client that is refused at the offset that it was told has no way on.",
			"An upload cut in the middle; then {ask}, and {write} at the offset that it gave.",
			"The old connection still holds the upload, or its last bytes are written after the offset was told.", UploadAccepted, catalog.Silent},
		{"upload.offsets", must, EveryFault, nil,
			"An upload can be completed wherever its body was cut: after 0, 1, half and all but one of its bytes, and around the borders of 16 KiB and 64 KiB.",
			"Buffers end at such borders, and so do the mistakes in counting.",
			"An upload of 66 KiB, cut at each of these bytes in turn; each is resumed to its end.",
			"Bytes are lost or doubled at the border of a buffer.", UploadOffsets, ""},
		{"upload.not-complete", must, EveryFault, nil,
			"A truncated upload has no effect until its last byte is in; a chunked body without its last chunk is truncated.",
			"Half a document taken for the whole is the worst that an interruption can do.",
			"Uploads cut in the middle, before their last byte, and before the last chunk; then a read of the number of effects and, where it can be asked for, of the outcome.",
			"The end of the connection is taken for the end of the body.", func(f *Flow) { UploadNotComplete(f, t.Plain) }, ""},
		{"upload.never-decreases", must, EveryFault, nil,
			"The offset never goes down, across cuts, reconnections and retries.",
			"A client frees what the server said that it has.",
			"An upload cut again and again; {ask}, several times, after each cut.",
			"Bytes that were told as received are dropped later, or two workers answer from different copies.", UploadNeverDecreases, catalog.Silent},
	}
}

func pointsResume() []point {
	must := catalog.Must
	return []point{
		{"upload.completed", must, EveryFault, nil,
			"The missing bytes, brought by {write}, complete an interrupted upload; its outcome is that of an undisturbed one.",
			"The client wants its request done, not only the bytes in place.",
			"An upload cut in the middle; {ask}; {write} with the rest; an undisturbed twin before and after.",
			"The rest is stored without the upload being finished, or the outcome differs from an undisturbed one.", UploadResumed, ""},
		{"upload.content-intact", must, EveryFault, []catalog.Need{catalog.NeedReadback},
			"What is stored after a resumed upload equals the body, byte for byte.",
			"It is the point of it all.",
			"An upload cut in the middle and resumed; then a read of the stored bytes.",
			"Bytes are lost, doubled or out of place where the two parts meet.", UploadIntact, ""},
		{"upload.many-pieces", must, EveryFault, nil,
			"An interrupted upload can be completed in 2, 3 and 17 pieces.",
			"A client on a bad line sends small pieces.",
			"An upload cut after its first byte; then {write} again and again, each with a part.",
			"The first piece is taken for the last, or pieces are put in the wrong place.", UploadManyPieces, ""},
		{"upload.interrupted-again", must, EveryFault, nil,
			"A {write} that is itself interrupted can be resumed, over and over, until the upload is done.",
			"What broke the first connection breaks the second as well.",
			"An upload cut, and each {write} that should complete it cut again; the last one runs through.",
			"A half-written part is kept as whole, thrown away with what was there before, or leaves a lock.", UploadAgain, ""},
		{"upload.unknown-length", must, EveryFault, nil,
			"A chunked upload, whose length is not known beforehand, can be resumed, and is ended by a {write} that names the complete length.",
			"A recording or a stream is uploaded before its length is known.",
			"A chunked upload cut in the middle; {ask}; a {write} that leaves the length open and one that names it.",
			"The truncated body is taken for the whole, or cannot be ended.", UploadUnknownLength,
			"chunked bodies are not mentioned: a server may refuse them with 411, and then the case does not apply"},
		{"upload.stalled-connection", must, []string{"fin", "stall"}, nil,
			"While the old connection hangs, open and silent, {ask} is answered and the offset that it gives is accepted by the next {write}.",
			"A phone that changes networks leaves just such a connection behind; the server will not hear of it for minutes.",
			"An upload whose connection the client loses while the server still sees it open; then {ask} and {write} over another.",
			"The old request holds a lock until its connection times out, or its late bytes are written.", UploadStalled, catalog.Silent},
		{"upload.concurrent", must, EveryFault, nil,
			"Of two writes at the same offset at once at most one is applied at a time: the stored bytes are those of one of them, and the effect happens once.",
			"A client that gives up on a slow {write} and repeats it sends the same bytes twice.",
			"An upload cut in the middle; two times {write} with different bytes at its offset, at the same time; each again.",
			"Two requests write to the same place without taking turns.", UploadConcurrent, catalog.Silent},
		{"upload.isolated", must, EveryFault, nil,
			"Two interrupted uploads never mix.",
			"Users upload side by side.",
			"Two uploads with different bytes, both cut, then resumed in turns.",
			"The state of an upload is found by its user or its connection instead of by its own location.", UploadIsolated, catalog.Silent},
	}
}

func pointsResponse() []point {
	must := catalog.Must
	return []point{
		{"response.available", must, EveryFault, nil,
			"When the response is lost, {outcome} shows what became of the upload, as it does for an undisturbed twin.",
			"It is how a client learns what became of its request.",
			"A whole upload, cut before the response, at its first byte, in its status line and before its last byte; then {outcome}; twins before and after.",
			"The outcome goes away with the connection, or is another upload's.", ResponseAvailable, ""},
		{"response.complete-upload", must, EveryFault, nil,
			"When the whole body arrived and the response was lost, {ask} gives the full length, or says that the upload is gone.",
			"A client that is told less sends bytes again to an upload that is already over.",
			"A whole upload whose response is cut off; then {ask}.",
			"The length is set to 0 or left behind when the upload is handed on for processing.", ResponseComplete, ""},
		{"response.not-yet", must, EveryFault, nil,
			"Before the upload is over {outcome} never shows it as done.",
			"A client that is told of a success that has not happened stops too early.",
			"{outcome} while half of the body is missing; and, where the target has a slow upload, while it is processed.",
			"The outcome is made up before the work is done.", ResponseNotYet,
			"how a server says not yet is not said: 202, 204, 404, 409, 425, 503 and a state of its own are all taken, and so is waiting"},
		{"response.once", must, EveryFault, []catalog.Need{catalog.NeedCount},
			"The effect of an upload whose response was lost happens exactly once, however often the client looks; also when it issues the request again with the same Idempotency-Key, where the target honours one.",
			"Charging a card twice is worse than not answering.",
			"A whole upload whose response is cut off; ten looks at what became of it; a read of the number of effects.",
			"Looking runs the operation again.", ResponseOnce, ""},
		{"response.stable", must, EveryFault, nil,
			"Repeated reads of the outcome, {outcome}, are identical once the upload is over.",
			"The client may itself be interrupted while it reads, and reads again.",
			"A whole upload whose response is cut off; five times {outcome}.",
			"The report is made anew at each read, or can be read once only.", ResponseStable, catalog.Silent},
		{"response.error", must, EveryFault, []catalog.Need{catalog.NeedFailing},
			"The outcome of an upload that failed is shown by {outcome} as faithfully as a success.",
			"The client must learn that, and why, its upload failed.",
			"Uploads that the target answers with an error, whose response is cut off; then {outcome}.",
			"Only successes are kept.", ResponseError, ""},
		{"response.after-resume", must, EveryFault, nil,
			"An upload that was completed by a second request is whole and has its effect once, also where the answer to that request was lost.",
			"An interruption seldom comes alone.",
			"An upload cut in the middle and completed by {write}, undisturbed and with the answer cut off; then a look at what became of it.",
			"The upload is finished only where the first request ends it, or again for the second.", ResponseAfterResume, ""},
		{"response.slow", must, EveryFault, []catalog.Need{catalog.NeedSlow},
			"When processing takes longer than the connection lasts, {outcome} shows the outcome all the same.",
			"Long work is where connections break.",
			"An upload that is processed slowly, cut as soon as its body is in; then {outcome} until it is there.",
			"Processing is ended together with the connection.", ResponseSlow, ""},
	}
}

func pointsDownload() []point {
	return []point{
		{"download.range", catalog.Must, EveryFault, nil,
			"When the download of {place} was cut after 0, 1, half or all but one of its bytes, a Range request gives 206 with an exact Content-Range, and the two parts make the whole.",
			"A client on a bad line gets what is large only piece by piece.",
			"GET on {place}, cut at each of these bytes; then GET with Range.",
			"Range is off by one, or answers from other content than the first part had.", DownloadRange,
			"a server may ignore Range (RFC 9110, 14.2): the whole again is a warning"},
		{"download.repeat", catalog.Must, EveryFault, nil,
			"A download of {place} that is cut again and again is brought to its end by Range requests, in at least five pieces.",
			"What broke the first connection breaks the next as well.",
			"GET on {place}, cut; then GETs with Range, each cut in turn.",
			"A Range request depends on the one before it having ended.", DownloadRepeat, ""},
		{"download.if-range", catalog.Must, EveryFault, nil,
			"If-Range with the validator of the first part gives the rest of {place}; with a stale one the whole comes with 200, never a mixture.",
			"Two halves of different versions make a corrupt whole.",
			"GET on {place}, cut; then GET with Range and If-Range, with the ETag seen and with another.",
			"If-Range is ignored, or compared wrongly.", DownloadIfRange, ""},
		{"download.unsatisfiable", catalog.Should, FinOnly, nil,
			"A range past the end of {place} is refused with 416 and Content-Range: bytes */L.",
			"A client that has everything already learns that it does, and the length.",
			"GET on {place}, cut; then GET with a range that begins at its length.",
			"An empty or wrong 206 is given, or Content-Range is missing.", DownloadUnsatisfiable, ""},
		{"download.suffix", catalog.May, FinOnly, nil,
			"A suffix range (the last N bytes) of {place}, where it is served, is right.",
			"It is how a client fetches the end of what it cannot measure.",
			"GET on {place}, cut; then GET with Range: bytes=-N.",
			"The suffix is taken for a range from the start.", DownloadSuffix, ""},
	}
}

func pointsRestart() []point {
	restart := []catalog.Need{catalog.NeedRestart}
	const loose = "restarts are not mentioned: the profile's reading"
	return []point{
		{"restart.kept", catalog.Should, FinOnly, restart,
			"An interrupted upload is still there, at the offset that was told, after the server was restarted.",
			"Servers are restarted while clients are away, and an upload of hours begins again from nothing.",
			"An upload cut in the middle; {ask}; a restart of the server; {ask} again.",
			"What was kept, or where it belongs, is only in the memory of the process.", RestartKept, loose},
		{"restart.intact", catalog.Must, Closing, restart,
			"After a restart the server either says that an upload is gone, or it resumes to the same bytes and exactly one effect, from an offset that was really sent.",
			"A file that was longer than its note, or a note that was ahead of its file, becomes a damaged document.",
			"Uploads cut after a few bytes, in the middle and before the last byte; a restart of the server; then the rest, or the whole request again where the upload is gone.",
			"The state is written in the wrong order: the offset before the bytes, or the effect before the end.", RestartIntact, loose},
		{"restart.response", catalog.Should, FinOnly, restart,
			"What became of an upload is still shown by {outcome}, unchanged, after the server was restarted.",
			"Without it a client never learns what became of its request, and issues it a second time.",
			"A whole upload whose response is cut off; a restart of the server; then {outcome}; twins before and after.",
			"Outcomes are only in the memory of the process, or are made up again from what is left.", RestartResponse, loose},
	}
}

func pointsSweep() []point {
	return []point{
		{"sweep.request", catalog.Must, Closing, nil,
			"Wherever its request is cut, an upload can be recovered: the offset is never above what was sent and never goes down, what is stored equals the body, and the effect happens once.",
			"A connection breaks at any byte, and an off-by-one shows itself at one of them only.",
			"One upload for each byte of the request, cut there, in the head or in the body; the same request again where the head was cut, else twice {ask}, and {write}; a read of the stored bytes and of the number of effects.",
			"The table of failing bytes says where: one byte alone is an off-by-one, a border of a buffer or of the message; a long run is a rule that is broken everywhere, which a case of another area tells in more detail.", SweptRequest, ""},
		{"sweep.response", catalog.Must, Closing, nil,
			"Wherever its response is cut, an upload can be recovered: before the end of the 100 (Continue) by the same request again, later by a look at what became of it; the effect happens once.",
			"The client cannot choose where its connection breaks.",
			"One upload for each byte of the 100 (Continue), of the head of the final response and of its body, cut there; then the same request again, or a look at the upload; a read of the stored bytes and of the number of effects.",
			"The response is taken for delivered once part of it was written, or the request for begun although its 100 was lost.", SweptResponse, ""},
	}
}
