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
    /// K.
    let codes: Int
    /// Rows and columns of a picture's tokens.
    let grid: [Int]

    /// N, tokens of a picture.
    var length: Int { grid.reduce(1, *) }

    /// Sections: `codec {from}`, or of points `codec {kind: gray_code, size, bits, reach}`; `condition`.
    init(_ section: Section, _ surroundings: Surroundings) throws {
        codec = try CodecReference(section, surroundings)
        guard case .tokens(let codes) = codec.codec.latents.kind else {
            throw try section.section("codec").error("from", "gives real latents", expected: "a codec with tokens")
        }
        self.codes = codes
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

    /// The network's grid over that of the size asked for.
    func window(_ request: SampleRequest) throws(InputError) -> SlidingWindow {
        if codec.medium == .point {
            try request.refuse([("--size", request.size), ("--init", request.start.map { _ in "a picture" })], of: "pictures")
        }
        let window = (rows: grid[0], columns: grid[1])
        guard let size = request.size else { return SlidingWindow(rows: window.rows, columns: window.columns, window: window) }
        let own = PictureSize(width: codec.codec.mediaShape[1], height: codec.codec.mediaShape[0])
        let cell = PictureSize(width: own.width / window.columns, height: own.height / window.rows)
        guard size.height >= own.height, size.width >= own.width, size.height % cell.height == 0, size.width % cell.width == 0
        else {
            throw InputError(
                "the model cannot draw this size", at: "--size",
                expected: "at least \(own), in multiples of \(cell)", found: "\(size)")
        }
        guard request.start == nil else {
            throw InputError(
                "a start picture has the model's own size", at: "--size", expected: "nothing beside --init", found: "\(size)")
        }
        return SlidingWindow(rows: size.height / cell.height, columns: size.width / cell.width, window: window)
    }

    /// What the tokens `[B, N]` of some jobs stand for.
    func samples(_ tokens: Tokens, of jobs: ArraySlice<SampleJob>, _ window: SlidingWindow) -> [Sample] {
        switch codec.medium {
        case .picture: return zip(jobs, pictures(tokens, window)).map { $0.sample($1) }
        case .point:
            let points = withoutGradients { codec.codec.decode(.tokens(tokens.reshaped([jobs.count] + grid))) }
                .reshaped([jobs.count, codec.codec.mediaShape.reduce(1, *)])
            return jobs.enumerated().map { row, job in job.sample(points: points.slice(0, row..<row + 1)) }
        }
    }

    /// Of tokens `[B, N]` of a window's large grid.
    private func pictures(_ tokens: Tokens, _ window: SlidingWindow) -> [Picture] {
        let grid = tokens.reshaped([tokens.shape[0], window.rows, window.columns])
        return withoutGradients { codec.codec.decode(.tokens(grid)).pictures }
    }

    /// What a step shows: tokens, or faded what they might become where they are masked.
    func frame(_ first: Int, _ progress: TokenProgress, _ window: SlidingWindow) -> FilmFrame {
        let isMasked = progress.tokens.values.map { $0 == Int32(codes) }
        var filled = progress.tokens
        for i in filled.values.indices where isMasked[i] { filled.values[i] = progress.x0.values[i] }
        let pictures = pictures(filled, window).enumerated().map { b, picture in
            picture.faded(isMasked[b * window.length..<(b + 1) * window.length], rows: window.rows)
        }
        let shape = [pictures.count, window.rows, window.columns]
        return FilmFrame(
            first: first, index: progress.index, count: progress.count, pictures: pictures,
            realness: progress.realness?.reshaped(shape))
    }

    func writeParts(to folder: String) throws {
        try codec.write(to: folder)
        try listener.reader?.write(to: folder)
    }

    func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue {
        listener.configuration(codec.configuration(resolved))
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
