import Tensors

/// Every system there is, in one list: the table of contents.
public enum Catalogue {
    public static var systems: [any System.Type] {
        [
            KLSystem.self,
            VQSystem.self,
            VQGANSystem.self,
            DiTSystem.self,
            SentenceCodecSystem.self,
            LD4LGSystem.self,
            BitDiffusionSystem.self,
            SEDSystem.self,
            CDCDSystem.self,
            SeqDiffuSeqSystem.self,
            DifformerSystem.self,
            VQDiffusionSystem.self,
            DiffsoundSystem.self,
            UnleashingTransformersSystem.self,
            MaskGITSystem.self,
            SDDMSystem.self,
            TokenCriticSystem.self,
            AutoregressiveSystem.self,
            AutoregressiveTextSystem.self,
            ToySystem.self,
            FeatureClassifierSystem.self,
            CLIPSystem.self,
            MelGANSystem.self,
        ]
    }

    /// The system that a section names under `system`.
    public static func system(_ section: Section) throws -> any System.Type {
        try section.pick(systems, key: "system") { $0.name }
    }
}
