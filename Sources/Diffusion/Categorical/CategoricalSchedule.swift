import Glibc
import Tensors

/// How fast tokens are lost: a level for every time from 0, the data, to 1.
public protocol CategoricalSchedule: Sendable {
    /// K. The mask, where there is one, is token K.
    var codes: Int { get }
    /// Steps of the chain that the network was trained on.
    var steps: Int { get }
    func level(at t: Double) -> CategoricalLevel
}

extension CategoricalSchedule {
    /// Published networks count the chain's steps from 0.
    public func networkTime(_ t: Double) -> Double { t * Double(steps) - 1 }

    /// Whether tokens are ever masked.
    public var masks: Bool { level(at: 1).mask > 0 }

    /// Steps back from 1 to 0 as evenly as the chain's whole numbers allow.
    public func grid(steps n: Int) throws(InputError) -> TimeGrid {
        guard n >= 1, n <= steps else {
            throw InputError(
                "number of sampling steps is impossible", at: "steps", expected: "a whole number from 1 to \(steps)",
                found: "\(n)")
        }
        return TimeGrid(
            times: (1...n).reversed().map { (Double($0 * steps) / Double(n)).rounded() / Double(steps) })
    }
}

/// A share of what is lost is masked, the rest replaced by any code.
///
/// With nine tenths masked this is mask-and-replace as VQ-Diffusion's paper has it (Gu et al. 2022, section 4.1); with all of it the
/// absorbing chain of Bond-Taylor et al. 2022 (arXiv 2111.12701) and MaskGIT; with none the uniform one (Austin et al. 2021).
public struct MaskAndReplace: CategoricalSchedule, Equatable {
    /// What is kept at time t.
    public enum Shape: String, Sendable, CaseIterable {
        /// 1 - t.
        case linear
        /// 1 - sin(π t / 2): MaskGIT's cosine, for its ratio r is 1 - t (Chang et al. 2022, arXiv 2202.04200, section 3.3).
        case cosine
        /// e^(-4 t), of a constant rate of jumps in continuous time.
        case exponential

        func kept(_ t: Double) -> Double {
            switch self {
            case .linear: 1 - t
            case .cosine: 1 - sin(.pi / 2 * t)
            case .exponential: exp(-4 * t)
            }
        }
    }

    public let codes, steps: Int
    public let maskShare: Double
    public let shape: Shape

    public init(codes: Int, steps: Int = 100, maskShare: Double = 0.9, shape: Shape = .linear) {
        require(codes > 0 && steps > 0 && (0...1).contains(maskShare), "MaskAndReplace: \(codes), \(steps), \(maskShare)")
        self.codes = codes
        self.steps = steps
        self.maskShare = maskShare
        self.shape = shape
    }

    public func level(at t: Double) -> CategoricalLevel {
        if t <= 0 { return .clean }
        let kept = max(0, shape.kept(t))
        return CategoricalLevel(keep: kept, replace: (1 - maskShare) * (1 - kept) / Double(codes), mask: maskShare * (1 - kept))
    }
}

/// The table that VQ-Diffusion's released code uses: what is kept falls evenly from 0.99999 at the first step to 9e-6 at the last
/// and what is masked rises as evenly. About 1e-6 is replaced at any time: it is an absorbing chain in all but name.
public struct ReleasedMaskAndReplace: CategoricalSchedule, Equatable {
    public let codes, steps: Int

    public init(codes: Int, steps: Int = 100) {
        require(codes > 0 && steps > 1, "ReleasedMaskAndReplace: \(codes) codes, \(steps) steps")
        self.codes = codes
        self.steps = steps
    }

    public func level(at t: Double) -> CategoricalLevel {
        let step = t * Double(steps)
        if step <= 0 { return .clean }
        let share = max(0, step - 1) / Double(steps - 1)
        // Before the first step, towards the data.
        let first = min(1, step)
        let keep = 1 + first * (0.99999 - 1) + share * (9e-6 - 0.99999)
        return CategoricalLevel(keep: keep, mask: first * 9e-6 + share * (0.99999 - 9e-6), codes: codes)
    }
}
