// `import LatentLab` brings every floor.
@_exported import Codecs
@_exported import Denoisers
@_exported import Diffusion
@_exported import Lab
@_exported import Media
@_exported import Metrics
@_exported import Networks
@_exported import Systems
@_exported import Tensors
@_exported import Training
