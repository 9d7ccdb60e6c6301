import Tensors

/// One microbatch of examples; what an example lacks is nil or empty.
public struct Batch: Sendable {
    /// Pictures, spectrograms or signals as the codec takes them: `[B, H, W, C]` in [-1, 1].
    public var media: Tensor?
    /// A codec's moments `[B, h, w, 2c]`, or points `[B, D]` of data that need no codec, instead of media.
    public var latents: Tensor?
    /// A codec's tokens `[B, N]`, instead of media.
    public var tokens: Tokens?
    /// What is seen beside media that are no pictures: `[B, H, W, C]` in [-1, 1].
    public var pictures: Tensor?
    public var captions: [String]
    public var labels: [Int]
    /// One place per example: every random choice about the example is drawn from there, whatever the microbatch.
    public var places: [Noise]
    /// Which rows of the step's whole batch these are, for draws that are spread over the batch.
    public var share: Share?

    public struct Share: Sendable {
        public var rows: Range<Int>
        public var total: Int
        /// The step's own place.
        public var step: Noise

        public init(rows: Range<Int>, total: Int, step: Noise) {
            self.rows = rows
            self.total = total
            self.step = step
        }
    }

    public init(
        media: Tensor? = nil, latents: Tensor? = nil, tokens: Tokens? = nil, pictures: Tensor? = nil,
        captions: [String] = [], labels: [Int] = [], places: [Noise]
    ) {
        self.media = media
        self.latents = latents
        self.tokens = tokens
        self.pictures = pictures
        self.captions = captions
        self.labels = labels
        self.places = places
    }

    public var count: Int { places.count }

    /// Of the step's whole batch, which this is all of where nothing else is said.
    public var wholeShare: Share { share ?? Share(rows: 0..<count, total: count, step: places[0]) }
}

/// What a pure forward pass reports.
public struct LossReport {
    /// Scalar, the mean over the examples of the batch.
    public var loss: Tensor
    /// Named sums over examples, detached: logged as means, or applied once per step by `Phase.commit`.
    public var sums: [String: Tensor]

    public init(loss: Tensor, sums: [String: Tensor] = [:]) {
        self.loss = loss
        self.sums = sums
    }
}

/// One optimisation within a training step: which parameters, by which optimiser, for which loss.
public struct Phase {
    /// Also names the optimiser's section in the experiment file.
    public var name: String
    public var parameters: [Parameter]
    /// Pure: reads weights and buffers, changes none.
    public var loss: (_ batch: Batch, _ step: Int) -> LossReport
    /// Applies what the forward passes counted, once per optimiser step, after the update. `examples` is the whole batch's count.
    public var commit: (_ sums: [String: Tensor], _ examples: Int, _ step: Int) -> Void
    /// Whether it takes part in a step.
    public var isActive: (_ step: Int) -> Bool

    public init(
        name: String, parameters: [Parameter], loss: @escaping (Batch, Int) -> LossReport,
        commit: @escaping ([String: Tensor], Int, Int) -> Void = { _, _, _ in },
        isActive: @escaping (Int) -> Bool = { _ in true }
    ) {
        self.name = name
        self.parameters = parameters
        self.loss = loss
        self.commit = commit
        self.isActive = isActive
    }
}

/// Something the trainer can train. It knows phases and nothing else.
public protocol Trainable: AnyObject {
    /// Everything that is saved: parameters and buffers.
    var module: Module { get }
    var phases: [Phase] { get }
    /// Called once before the first step with examples to look at: k-means starts, data statistics.
    func prepare(with batch: Batch)
}

extension Trainable {
    public func prepare(with batch: Batch) {}
}
