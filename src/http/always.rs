//! Words that never change: types of one value each, which the document names in each place.

/// A type for each word, whose one value is written as the word.
macro_rules! always {
    ($($(#[doc = $doc:tt])+ $name:ident = $word:tt;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, serde::Serialize, utoipa::ToSchema)]
        pub(crate) enum $name {
            $(#[doc = $doc])+
            #[serde(rename = $word)]
            Always,
        }
    )+};
}

always! {
    /// Always `list`.
    ListWord = "list";
    /// Always `model`.
    ModelWord = "model";
    /// Always `chat.completion`.
    CompletionWord = "chat.completion";
    /// Always `chat.completion.chunk`.
    ChunkWord = "chat.completion.chunk";
    /// Always `assistant`.
    AssistantWord = "assistant";
    /// Always `function`.
    FunctionWord = "function";
    /// Always `embedding`.
    EmbeddingWord = "embedding";
    /// Always `response`.
    ResponseWord = "response";
    /// Always `response.compaction`.
    CompactionWord = "response.compaction";
    /// Always `text`.
    TextWord = "text";
}
