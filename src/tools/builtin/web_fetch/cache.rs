//! Pages that were fetched a short while ago.

use crate::config::WebFetch;
use crate::media::Form;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Pages that are kept.
const MAX_PAGES: usize = 100;
/// Bytes that they may have together.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A page as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cached {
    /// Where it came from, redirects followed.
    pub(super) url: String,
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) title: Option<String>,
    pub(super) text: String,
    /// Whether the page has more.
    pub(super) cut: bool,
    pub(super) fetched_at: Timestamp,
}

/// The pages. Those of other settings are forgotten: under these they might not be fetched.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    settings: WebFetch,
    pages: HashMap<Key, (Instant, Arc<Cached>)>,
    bytes: usize,
}

/// What a page is kept under: its address, and what was made of it.
pub(super) type Key = (String, Form);

impl Cache {
    /// A page that is not too old.
    pub(super) fn get(&self, url: &str, form: Form, settings: &WebFetch) -> Option<Arc<Cached>> {
        let mut kept = self.kept(settings);
        kept.drop_old();
        kept.pages.get(&(url.to_owned(), form)).map(|(_, page)| page.clone())
    }

    /// Keeps a page; the oldest go where there is no room.
    pub(super) fn put(&self, key: Key, settings: &WebFetch, page: Arc<Cached>) {
        let mut kept = self.kept(settings);
        let size = size(&key, &page);
        if settings.cache_ttl_minutes == 0 || size > MAX_BYTES {
            return;
        }
        kept.remove(&key);
        while kept.pages.len() >= MAX_PAGES || kept.bytes + size > MAX_BYTES {
            let oldest = kept.pages.iter().min_by_key(|(_, (since, _))| *since);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { break };
            kept.remove(&oldest);
        }
        kept.bytes += size;
        kept.pages.insert(key, (Instant::now(), page));
    }

    fn kept(&self, settings: &WebFetch) -> MutexGuard<'_, Kept> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.settings != *settings {
            *kept = Kept { settings: settings.clone(), ..Kept::default() };
        }
        kept
    }
}

impl Kept {
    fn drop_old(&mut self) {
        let limit = Duration::from_secs(self.settings.cache_ttl_minutes * 60);
        let is_old = |since: &Instant| since.elapsed() >= limit;
        let old = self.pages.iter().filter(|(_, (since, _))| is_old(since));
        let old: Vec<Key> = old.map(|(key, _)| key.clone()).collect();
        for key in old {
            self.remove(&key);
        }
    }

    fn remove(&mut self, key: &Key) {
        if let Some((_, page)) = self.pages.remove(key) {
            self.bytes -= size(key, &page);
        }
    }
}

fn size((url, _): &Key, page: &Cached) -> usize {
    let title = page.title.as_ref().map_or(0, String::len);
    url.len() + page.url.len() + page.content_type.len() + title + page.text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(bytes: usize) -> Arc<Cached> {
        Arc::new(Cached {
            url: String::new(),
            status: 200,
            content_type: String::new(),
            title: None,
            text: "x".repeat(bytes),
            cut: false,
            fetched_at: Timestamp::UNIX_EPOCH,
        })
    }

    fn has(cache: &Cache, url: &str, settings: &WebFetch) -> bool {
        cache.get(url, Form::Markdown, settings).is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_is_kept_for_its_time_under_its_settings() {
        let (cache, settings) = (Cache::default(), WebFetch::default());
        cache.put(("a".to_owned(), Form::Markdown), &settings, page(1));
        tokio::time::advance(Duration::from_secs(15 * 60 - 1)).await;
        assert!(has(&cache, "a", &settings) && !has(&cache, "b", &settings));
        assert!(cache.get("a", Form::Text, &settings).is_none());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!has(&cache, "a", &settings));

        cache.put(("a".to_owned(), Form::Markdown), &settings, page(1));
        let narrower = WebFetch { url_allowlist: Some(Vec::new()), ..settings.clone() };
        assert!(!has(&cache, "a", &narrower) && !has(&cache, "a", &settings));

        let never = WebFetch { cache_ttl_minutes: 0, ..settings };
        cache.put(("a".to_owned(), Form::Markdown), &never, page(1));
        assert!(!has(&cache, "a", &never));
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_go_where_there_is_no_room() {
        let (cache, settings) = (Cache::default(), WebFetch::default());
        for number in 0..=MAX_PAGES {
            cache.put((number.to_string(), Form::Markdown), &settings, page(1));
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert!(!has(&cache, "0", &settings) && has(&cache, "1", &settings));
        cache.put(("big".to_owned(), Form::Markdown), &settings, page(MAX_BYTES - 3));
        assert!(has(&cache, "big", &settings) && !has(&cache, "100", &settings));
        cache.put(("bigger".to_owned(), Form::Markdown), &settings, page(MAX_BYTES));
        assert!(!has(&cache, "bigger", &settings) && has(&cache, "big", &settings));
        cache.put(("big".to_owned(), Form::Markdown), &settings, page(1));
        assert_eq!(cache.kept(&settings).bytes, 4);
    }
}
