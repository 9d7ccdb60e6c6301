import Codecs
import Networks
import Tensors
import Training

extension PerceptualLoss {
    /// Section `network {from}`: a model directory of a feature network, or a folder with weights of VGG16 and LPIPS.
    ///
    /// - Parameter media: `[H, W, C]` of the pictures to be compared.
    convenience init(_ section: Section, media: [Int]) throws {
        let folder = try section.path("from")
        let extractor: any FeatureExtractor
        var channelWeights: [Tensor] = []
        if Folder.exists(folder + "/config.json") {
            let model = try ModelDirectory.load(folder)
            guard let system = model.system as? any FeatureSystem else {
                throw section.error(
                    "from", "is not a feature network", expected: "a model directory of one",
                    found: type(of: model.system).name)
            }
            extractor = system.extractor
        } else {
            let vgg = try VGGFeatures(folder)
            (extractor, channelWeights) = (vgg, vgg.channelWeights)
        }
        guard media[2] == extractor.mediaChannels else {
            throw section.error(
                "from", "looks at something else", expected: "\(extractor.mediaChannels) channels", found: "\(media[2]) channels")
        }
        let side = min(media[0], media[1])
        guard side >= extractor.smallestSide else {
            throw section.error(
                "from", "does not look at media so small", expected: "sides of \(extractor.smallestSide) or more",
                found: "\(side)")
        }
        self.init(extractor, channelWeights: channelWeights)
    }
}
