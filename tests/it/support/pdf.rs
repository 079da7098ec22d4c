//! PDF files, written by hand so that they can be wrong.

use pdf_extract::{Document, EncryptionState, EncryptionVersion, Object, Permissions};

/// A PDF with these objects, the first of which is its catalogue.
pub(crate) fn of(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut file = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::new();
    for (object, number) in objects.iter().zip(1..) {
        places.push(file.len());
        file.extend(format!("{number} 0 obj\n").bytes());
        file.extend(object);
        file.extend(b"\nendobj\n");
    }
    let (start, size) = (file.len(), objects.len() + 1);
    file.extend(format!("xref\n0 {size}\n0000000000 65535 f \n").bytes());
    for place in places {
        file.extend(format!("{place:010} 00000 n \n").bytes());
    }
    let id = "<00112233445566778899aabbccddeeff>";
    let trailer = format!("trailer\n<</Size {size}/Root 1 0 R/ID[{id}{id}]>>\n");
    file.extend(format!("{trailer}startxref\n{start}\n%%EOF\n").bytes());
    file
}

/// A stream with this dictionary, beside its length.
pub(crate) fn stream(dictionary: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("<<{dictionary}/Length {}>>\nstream\n", bytes.len());
    [head.as_bytes(), bytes, b"\nendstream"].concat()
}

/// The first three objects of every PDF here: catalogue, pages, font.
pub(crate) fn beginning(kids: &str, count: usize) -> Vec<Vec<u8>> {
    let pages = format!(
        "<</Type/Pages/Kids[{kids}]/Count {count}/MediaBox[0 0 612 792]\
         /Resources<</Font<</F1 3 0 R>>>>>>"
    );
    let font = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>";
    ["<</Type/Catalog/Pages 2 0 R>>", &pages, font].map(|text| text.as_bytes().to_vec()).to_vec()
}

/// A PDF with a page for each text; a page of an empty one has no text.
pub(crate) fn with_pages(texts: &[&str]) -> Vec<u8> {
    let numbers: Vec<usize> = (0..texts.len()).map(|at| 4 + 2 * at).collect();
    let kids: Vec<String> = numbers.iter().map(|number| format!("{number} 0 R")).collect();
    let mut objects = beginning(&kids.join(" "), texts.len());
    for (text, number) in texts.iter().zip(numbers) {
        let page = format!("<</Type/Page/Parent 2 0 R/Contents {} 0 R>>", number + 1);
        objects.push(page.into_bytes());
        let content = match text {
            &"" => "0 0 100 100 re f".to_owned(),
            text => format!("BT /F1 12 Tf 72 700 Td ({text}) Tj ET"),
        };
        objects.push(stream("", content.as_bytes()));
    }
    of(&objects)
}

/// The same PDF, to be opened with this password.
pub(crate) fn encrypted(file: &[u8], password: &str) -> Vec<u8> {
    let mut document = Document::load_mem(file).expect("a PDF");
    let version = EncryptionVersion::V2 {
        document: &document,
        owner_password: "owner",
        user_password: password,
        key_length: 128,
        permissions: Permissions::all(),
    };
    let state = EncryptionState::try_from(version).expect("a key");
    document.encrypt(&state).expect("encrypted");
    let mut file = Vec::new();
    document.save_to(&mut file).expect("written");
    file
}

/// Bytes that become so many more when the stream that has them is read.
pub(crate) fn deflated(bytes: Vec<u8>) -> Vec<u8> {
    let mut stream = pdf_extract::Stream::new(pdf_extract::Dictionary::new(), bytes);
    stream.compress().expect("compressed");
    assert!(matches!(stream.dict.get(b"Filter"), Ok(Object::Name(_))), "it was worth it");
    stream.content
}
