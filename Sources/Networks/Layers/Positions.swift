import Glibc
import Tensors

/// Sines and cosines that tell positions and times apart.
public enum Sinusoid {
    /// cos then sin of t times frequencies from 1 down to 1/maxPeriod, as DiT and ADM feed times.
    ///
    ///     returns [t.count, width]
    public static func times(_ t: [Float], width: Int, maxPeriod: Double = 10_000) -> Tensor {
        let half = width / 2
        var values: [Float] = []
        values.reserveCapacity(t.count * width)
        for time in t {
            let angles = (0..<half).map { Double(time) * exp(-log(maxPeriod) * Double($0) / Double(half)) }
            values += angles.map { Float(cos($0)) } + angles.map { Float(sin($0)) }
            if width % 2 == 1 { values.append(0) }
        }
        return Tensor(values, [t.count, width])
    }

    /// sin then cos, half the width for the column and half for the row, as MAE and DiT mark patches.
    ///
    ///     returns [height * width, channels]
    public static func grid(height: Int, width: Int, channels: Int) -> Tensor {
        require(channels % 4 == 0, "Sinusoid.grid: \(channels) channels are not a multiple of 4")
        let quarter = channels / 4
        func wave(_ position: Int) -> [Float] {
            let angles = (0..<quarter).map { Double(position) * pow(10_000, -Double($0) / Double(quarter)) }
            return angles.map { Float(sin($0)) } + angles.map { Float(cos($0)) }
        }
        var values: [Float] = []
        values.reserveCapacity(height * width * channels)
        for y in 0..<height { for x in 0..<width { values += wave(x) + wave(y) } }
        return Tensor(values, [height * width, channels])
    }
}

/// Sinusoid, then two linear layers: how a denoiser is told the time.
///
///     t: one per sample, in the units the model was published with
///     returns [B, D]
public final class TimeEmbedding: Module {
    let hidden: Linear
    let output: Linear
    private let frequencies: Int

    public init(width: Int, frequencies: Int = 256) {
        hidden = Linear(frequencies, width, activation: .silu, weights: .normal(deviation: 0.02))
        output = Linear(width, width, weights: .normal(deviation: 0.02))
        self.frequencies = frequencies
        super.init()
    }

    public func callAsFunction(_ t: [Float]) -> Tensor { output(hidden(Sinusoid.times(t, width: frequencies))) }
}
