import Media
import Tensors
import Testing

@Suite struct SoundFolderTests {
    /// Files of one sample each, whose value tells them apart.
    private func fill(_ folder: String, _ names: [String]) throws {
        for (i, name) in names.enumerated() {
            try Sound(rate: 8000, samples: [Float(i + 1) / 16]).write(to: folder + "/" + name)
        }
    }

    @Test func `captions come from metadata, one part of them where there is a split, and what does not match is listed`() throws
    {
        try Fixtures.withFolder { folder in
            try Fixtures.makeFolder(folder + "/sub")
            try fill(folder, ["b.wav", "a.flac", "sub/c.wav", "stray.ogg"])
            try Fixtures.write("not a sound", to: folder + "/notes.txt")
            try Fixtures.write(
                "file_name,text,split\nsub/c.wav,third,held-out\nb.wav,second,train\na.flac,\"first, of all\",train\n"
                    + "gone.wav,nobody,train\n", to: folder + "/metadata.csv")
            let all = try SoundFolder(folder)
            #expect(all.entries.map(\.path) == ["a.flac", "b.wav", "sub/c.wav"])
            #expect(all.entries.map(\.captions) == [["first, of all"], ["second"], ["third"]])
            #expect(all.unmatchedFiles == ["stray.ogg"] && all.unmatchedRows == ["gone.wav (line 5)"])
            #expect(
                all.remarks == [
                    "1 rows without a file in \(folder): gone.wav (line 5)", "1 files in \(folder) that nothing names: stray.ogg",
                ])
            #expect(try all.example(1, epoch: 3).sound == Sound(rate: 8000, samples: [1.0 / 16]))
            #expect(all.words(1, epoch: 3).sound == nil && all.words(1, epoch: 3).caption == "second")
            #expect(try SoundFolder(folder, split: .heldOut).entries.map(\.path) == ["sub/c.wav"])
            #expect(try SoundFolder(folder, split: .train).unmatchedRows.count == 1)
            let error = #expect(throws: InputError.self) { try SoundFolder(folder, captionColumn: "txt") }
            #expect(error?.hint == "did you mean text?")
        }
    }

    @Test func `a table of somebody else names files by its fields, several captions to a file`() throws {
        try Fixtures.withFolder { folder in
            try Fixtures.makeFolder(folder + "/clips")
            try fill(folder + "/clips", ["Yabc_30.wav", "Yx-_y_0.wav"])
            try Fixtures.write(
                "audiocap_id,youtube_id,start_time,caption\n1,abc,30,A dog barks\n2,abc,30,A dog is barking\n"
                    + "3,gone,10,Rain\n4,x-_y,0,\"Wind, and waves\"\n5,gone,10,Water\n", to: folder + "/train.csv")
            let table = SoundFolder.Table(path: folder + "/train.csv", names: "Y{youtube_id}_{start_time}.wav")
            // There is no column of splits, so every row is meant.
            let sounds = try SoundFolder(folder + "/clips", table: table, captionColumn: "caption", split: .train)
            #expect(sounds.entries.map(\.captions) == [["A dog barks", "A dog is barking"], ["Wind, and waves"]])
            #expect(sounds.unmatchedRows == ["Ygone_10.wav (line 4)", "Ygone_10.wav (line 6)"])
            let heard = (0..<40).map { sounds.words(0, epoch: $0).caption! }
            #expect(
                Set(heard) == ["A dog barks", "A dog is barking"] && heard == (0..<40).map { sounds.words(0, epoch: $0).caption! }
            )
            let wrong = SoundFolder.Table(path: folder + "/train.csv", names: "{youtube}.wav")
            let error = #expect(throws: InputError.self) {
                try SoundFolder(folder + "/clips", table: wrong, captionColumn: "caption")
            }
            #expect(error?.found == "youtube")
        }
    }

    @Test func `a folder without words has sounds alone, and one without sounds is refused`() throws {
        try Fixtures.withFolder { folder in
            let error = #expect(throws: InputError.self) { try SoundFolder(folder) }
            #expect(error?.what == "holds no usable sound")
            try fill(folder, ["two.wav", "one.wav"])
            let sounds = try SoundFolder(folder)
            #expect(sounds.entries.map(\.path) == ["one.wav", "two.wav"])
            #expect(try sounds.example(0, epoch: 0).caption == nil)
            try Fixtures.write("junk", to: folder + "/one.wav")
            #expect(throws: InputError.self) { try sounds.example(0, epoch: 0) }
            try Fixtures.write("file_name,text\nelse.wav,x\n", to: folder + "/metadata.csv")
            let lost = #expect(throws: InputError.self) { try SoundFolder(folder) }
            #expect(lost?.found?.contains("else.wav (line 2)") == true)
        }
    }
}
