import CDNNL
import CKernels

/// The machine as the kernels see it.
public enum Compute {
    /// Threads of the one pool that kernels, OpenBLAS and oneDNN share.
    public static var threads: Int {
        get { Int(ll_threads()) }
        set {
            require(newValue >= 1, "Compute.threads = \(newValue)")
            ll_set_threads(Int32(newValue))
        }
    }

    /// "avx512_bf16", "avx512", "avx2" or "portable".
    public static var instructionSet: String { String(cString: ll_instruction_set()) }
    /// OpenBLAS' core name.
    public static var blasKernel: String { String(cString: ll_blas_kernel()) }
    /// oneDNN's version and instruction set.
    public static var dnnl: String { "\(String(cString: cdnnl_version())) \(String(cString: cdnnl_isa()))" }
    /// True when the processor multiplies bf16 in hardware.
    public static var hasBF16: Bool { CPUBackend.multipliesBF16 }
}
