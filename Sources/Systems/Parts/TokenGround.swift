import Codecs
import Denoisers
import Diffusion
import Media
import Networks
import Tensors

/// What every system over a codec's tokens stands on: the codec, and what the network is told.
///
/// Not a module: the walker finds a reader that learns where the system itself holds it.
final class TokenGround {
    let codec: CodecReference
    let listener: Listener
    private let making: MediaMaking
    /// K.
    let codes: Int
    /// Rows and columns of a picture's tokens.
    let grid: [Int]

    /// N, tokens of a picture.
    var length: Int { grid.reduce(1, *) }

    /// Sections: `codec {from}`, or of points `codec {kind: gray_code, size, bits, reach}`; `condition`; of sounds `vocoder`.
    init(_ section: Section, _ surroundings: Surroundings) throws {
        codec = try CodecReference(section, surroundings)
        guard case .tokens(let codes) = codec.codec.latents.kind else {
            throw try section.section("codec").error("from", "gives real latents", expected: "a codec with tokens")
        }
        self.codes = codes
        making = try MediaMaking(codec.form, section)
        grid = codec.codec.latents.shape
        listener = try Listener(try section.section("condition"), surroundings)
    }

    /// A network of the sizes that `model` says, for these tokens and conditions.
    func network(_ model: Section, time: TokenTransformerConfiguration.Time) throws -> TokenTransformerConfiguration {
        var c = try TokenTransformerConfiguration(model, time: time)
        (c.codes, c.rows, c.columns) = (codes, grid[0], grid[1])
        (c.classes, c.contextWidth) = (listener.classes, listener.reader?.width ?? 0)
        return c
    }

    /// The network's grid over that of the size or length asked for.
    func window(_ request: SampleRequest) throws(InputError) -> SlidingWindow {
        let window = (rows: grid[0], columns: grid[1])
        var (rows, columns) = window
        switch codec.medium {
        case .point, .text:
            let start = request.start.map { _ in "a start" }
            try request.refuse([("--size", request.size), ("--seconds", request.seconds), ("--init", start)], of: "pictures")
        case .picture:
            try request.refuse([("--seconds", request.seconds)], of: "sounds")
            if let size = request.size { (rows, columns) = try cells(of: size) }
        case .sound:
            try request.refuse([("--size", request.size)], of: "pictures")
            if let seconds = request.seconds { rows = try moments(of: seconds) }
        }
        guard request.start == nil || (rows, columns) == window else {
            throw InputError(
                "what sampling starts from has the model's own size", at: request.size == nil ? "--seconds" : "--size",
                expected: "nothing beside --init", found: request.size.map { "\($0)" } ?? request.seconds.map { "\($0)" })
        }
        return SlidingWindow(rows: rows, columns: columns, window: window)
    }

    private func cells(of size: PictureSize) throws(InputError) -> (rows: Int, columns: Int) {
        let own = PictureSize(width: codec.codec.mediaShape[1], height: codec.codec.mediaShape[0])
        let cell = PictureSize(width: own.width / grid[1], height: own.height / grid[0])
        guard size.height >= own.height, size.width >= own.width, size.height % cell.height == 0, size.width % cell.width == 0
        else {
            throw InputError(
                "the model cannot draw this size", at: "--size",
                expected: "at least \(own), in multiples of \(cell)", found: "\(size)")
        }
        return (size.height / cell.height, size.width / cell.width)
    }

    /// Rows of tokens that a sound takes, the last begun.
    private func moments(of seconds: Double) throws(InputError) -> Int {
        guard case .spectrogram(let mel, let frames) = codec.form else { return grid[0] }
        let own = Double(frames * mel.settings.hop) / Double(mel.settings.rate)
        guard seconds >= own, seconds <= Self.longest else {
            throw InputError(
                "the model cannot make this length", at: "--seconds",
                expected: "\((own * 1000).rounded(.up) / 1000) to \(Self.longest)", found: "\(seconds)")
        }
        return Int((seconds / own * Double(grid[0])).rounded(.up))
    }

    /// Of sounds, seconds.
    private static let longest = 600.0

    /// What the tokens `[B, N]` of some jobs stand for.
    func samples(_ tokens: Tokens, of jobs: ArraySlice<SampleJob>, _ window: SlidingWindow) -> [Sample] {
        switch codec.medium {
        case .picture, .sound: return making.samples(decoded(tokens, window), of: jobs)
        case .text:
            let media = withoutGradients { codec.codec.decode(.tokens(tokens)) }
            return zip(jobs, codec.form.texts(media)).map { $0.sample(text: $1) }
        case .point:
            let points = withoutGradients { codec.codec.decode(.tokens(tokens.reshaped([jobs.count] + grid))) }
                .reshaped([jobs.count, codec.codec.mediaShape.reduce(1, *)])
            return jobs.enumerated().map { row, job in job.sample(points: points.slice(0, row..<row + 1)) }
        }
    }

    /// Of tokens `[B, N]` of a window's large grid.
    func decoded(_ tokens: Tokens, _ window: SlidingWindow) -> Tensor {
        let grid = tokens.reshaped([tokens.shape[0], window.rows, window.columns])
        return withoutGradients { codec.codec.decode(.tokens(grid)) }
    }

    /// What a step shows: tokens, or faded what they might become where they are masked.
    func frame(_ first: Int, _ progress: TokenProgress, _ window: SlidingWindow) -> FilmFrame {
        let isMasked = progress.tokens.values.map { $0 == Int32(codes) }
        var filled = progress.tokens
        for i in filled.values.indices where isMasked[i] { filled.values[i] = progress.x0.values[i] }
        let media = decoded(filled, window)
        let grid = [media.shape[0], window.rows, window.columns]
        let isSound = codec.medium == .sound
        // Of a sound the rows of tokens are moments, and run to the right.
        func seen(_ x: Tensor) -> Tensor { isSound ? x.permuted([0, 2, 1]).flipped(1).contiguous() : x }
        let faded = seen(Tensor(isMasked.map { $0 ? 1 : 0 }, grid))
        let pictures = codec.form.pictures(media).enumerated().map { b, picture in
            picture.faded(faded.slice(0, b..<b + 1).values.map { $0 > 0 }, rows: faded.shape[1])
        }
        return FilmFrame(
            first: first, index: progress.index, count: progress.count, pictures: pictures,
            realness: progress.realness.map { seen($0.reshaped(grid)) })
    }

    func writeParts(to folder: String) throws {
        try codec.write(to: folder)
        try listener.reader?.write(to: folder)
        try making.write(to: folder)
    }

    func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue {
        making.configuration(listener.configuration(codec.configuration(resolved)))
    }
}

extension TokenNetwork {
    /// Logits for tokens and conditions from outside.
    func answer(_ question: DenoiserQuestion) -> Tensor {
        self(
            Tokens(question.state.values.map { Int32($0) }, question.state.shape), t: question.times,
            classes: question.labels(configuration.classes),
            text: question.words(configuration.contextWidth) { dropping($0, keeps: $1) }, scope: nil)
    }
}
