//! Trees and proofs: published vectors, another implementation, the definition itself.

use annals_events::Hash;
use annals_events::merkle::{
    Frontier, consistency, empty_root, inclusion, leaf_hash, node_hash, root, verify_consistency,
    verify_inclusion,
};
use proptest::prelude::*;
use serde_json::Value;
use tlog_tiles::{Error, HashReader, prove_record, prove_tree, stored_hashes};

use super::{unhex, vectors};

fn hash(value: &Value) -> Hash {
    value.as_str().and_then(Hash::from_hex).unwrap_or_else(|| panic!("no hash: {value}"))
}

fn hashes(value: &Value) -> Vec<Hash> {
    value.as_array().expect("a list").iter().map(hash).collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

/// The leaves of the vectors' tree of 8 or 300.
fn leaves_of(vectors: &Value, size: u64) -> Vec<Hash> {
    if size > 8 {
        let data = (0..size).map(|i| format!("event-{i:06}"));
        return data.map(|data| leaf_hash(data.as_bytes())).collect();
    }
    let listed = vectors["leaves"].as_array().expect("a list").iter();
    listed.take(size as usize).map(|leaf| hash(&leaf["leaf_hash"])).collect()
}

/// MTH as RFC 6962 defines it, word for word.
fn defined(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of(&[]),
        [one] => *one,
        _ => {
            let mut k = 1;
            while k * 2 < leaves.len() {
                k *= 2;
            }
            let (left, right) = leaves.split_at(k);
            Hash::of(&[&[1], &defined(left).0, &defined(right).0])
        }
    }
}

/// Some leaves, all different.
fn some(count: usize) -> Vec<Hash> {
    (0..count).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

#[test]
fn published_roots_and_leaves_hold() {
    let vectors = vectors();
    for leaf in vectors["leaves"].as_array().expect("a list") {
        let data = unhex(leaf["data_hex"].as_str().expect("hex"));
        assert_eq!(leaf_hash(&data), hash(&leaf["leaf_hash"]));
    }
    let roots = hashes(&vectors["roots"]);
    assert_eq!(roots.len(), 9);
    assert_eq!(roots[0], empty_root());
    let mut frontier = Frontier::default();
    for (size, expected) in roots.iter().enumerate() {
        let leaves = leaves_of(&vectors, size as u64);
        assert_eq!((root(&leaves), frontier.root()), (*expected, *expected), "size {size}");
        if let Some(leaf) = leaves_of(&vectors, 8).get(size) {
            frontier.push(*leaf);
        }
    }
    assert_eq!(root(&leaves_of(&vectors, 300)), hash(&vectors["root300"]));
}

#[test]
fn published_proofs_hold() {
    let vectors = vectors();
    for row in vectors["inclusion"].as_array().expect("a list") {
        let (size, index, proof) =
            (number(&row["size"]), number(&row["index"]), hashes(&row["proof"]));
        let leaves = leaves_of(&vectors, size);
        assert_eq!(inclusion(&leaves, index as usize).as_ref(), Some(&proof), "{index} of {size}");
        let leaf = leaves[index as usize];
        assert!(verify_inclusion(index, size, &leaf, &proof, &root(&leaves)));
    }
    for row in vectors["consistency"].as_array().expect("a list") {
        let (old, new, proof) = (number(&row["old"]), number(&row["new"]), hashes(&row["proof"]));
        let leaves = leaves_of(&vectors, new);
        assert_eq!(consistency(&leaves, old as usize).as_ref(), Some(&proof), "{old} to {new}");
        let old_root = root(&leaves[..old as usize]);
        assert!(verify_consistency(old, new, &old_root, &root(&leaves), &proof));
    }
}

#[test]
fn every_proof_up_to_size_70_verifies_and_no_other_place_has_it() {
    let leaves = some(70);
    for size in 1..=70usize {
        let tree = &leaves[..size];
        let whole = defined(tree);
        for (index, leaf) in tree.iter().enumerate() {
            let proof = inclusion(tree, index).expect("the index is in the tree");
            for claimed in 0..=size as u64 {
                let good = verify_inclusion(claimed, size as u64, leaf, &proof, &whole);
                assert_eq!(good, claimed == index as u64, "{index} of {size} as {claimed}");
            }
        }
        assert_eq!(inclusion(tree, size), None);
        for old in 1..=size {
            let proof = consistency(tree, old).expect("a smaller tree");
            let before = defined(&tree[..old]);
            for claimed in 0..=size + 1 {
                let (claimed, size) = (claimed as u64, size as u64);
                let good = verify_consistency(claimed, size, &before, &whole, &proof);
                assert_eq!(good, claimed == old as u64, "{old} to {size} as {claimed}");
            }
        }
        assert_eq!((consistency(tree, 0), consistency(tree, size + 1)), (None, None));
    }
}

#[test]
fn a_growing_root_equals_the_definition_at_every_size() {
    let leaves = some(300);
    let mut frontier = Frontier::default();
    for (size, leaf) in leaves.iter().enumerate() {
        assert_eq!(frontier.root(), defined(&leaves[..size]), "size {size}");
        let (count, roots) = frontier.parts();
        let again = Frontier::from_parts(count, roots.to_vec());
        assert_eq!(again.as_ref(), Some(&frontier));
        let mut more = roots.to_vec();
        more.push(*leaf);
        assert_eq!(Frontier::from_parts(count, more), None);
        frontier.push(*leaf);
    }
}

/// All stored hashes of a growing tree, for the other implementation.
struct Stored(Vec<tlog_tiles::Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, Error> {
        Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
    }
}

#[test]
fn another_implementation_makes_the_same_trees_and_proofs() {
    let mut stored = Stored(Vec::new());
    let mut leaves = Vec::new();
    let ours = |all: Vec<tlog_tiles::Hash>| all.iter().map(|h| Hash(h.0)).collect::<Vec<_>>();
    for size in 1..=70u64 {
        let data = size.to_be_bytes();
        let more = stored_hashes(size - 1, &data, &stored).expect("hashes");
        stored.0.extend(more);
        leaves.push(leaf_hash(&data));
        let whole = tlog_tiles::tree_hash(size, &stored).expect("a root");
        assert_eq!(root(&leaves).0, whole.0, "size {size}");
        for index in 0..size {
            let theirs = ours(prove_record(size, index, &stored).expect("a proof"));
            assert_eq!(inclusion(&leaves, index as usize), Some(theirs), "{index} of {size}");
        }
        for old in 1..=size {
            let theirs = ours(prove_tree(size, old, &stored).expect("a proof"));
            assert_eq!(consistency(&leaves, old as usize), Some(theirs), "{old} to {size}");
        }
    }
}

/// One change of a proof.
#[derive(Clone, Debug)]
enum Change {
    Flip { at: usize, bit: u8 },
    Drop { at: usize },
    Add { at: usize },
    Swap { at: usize },
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, bit)| Change::Flip { at, bit }),
        any::<usize>().prop_map(|at| Change::Drop { at }),
        any::<usize>().prop_map(|at| Change::Add { at }),
        any::<usize>().prop_map(|at| Change::Swap { at }),
    ]
}

/// The changed proof; `None` where the change changes nothing.
fn changed(proof: &[Hash], change: &Change) -> Option<Vec<Hash>> {
    let mut proof = proof.to_vec();
    let before = proof.clone();
    match *change {
        Change::Add { at } => proof.insert(at % (proof.len() + 1), leaf_hash(b"another")),
        _ if proof.is_empty() => return None,
        Change::Flip { at, bit } => {
            let at = at % proof.len();
            proof[at].0[usize::from(bit >> 3)] ^= 1 << (bit & 7);
        }
        Change::Drop { at } => drop(proof.remove(at % proof.len())),
        Change::Swap { at } => {
            let length = proof.len();
            proof.swap(at % length, (at + 1) % length);
        }
    }
    (proof != before).then_some(proof)
}

proptest! {
    #[test]
    fn a_changed_proof_verifies_nothing(
        size in 1usize..=70,
        at in any::<usize>(),
        change in change(),
    ) {
        let leaves = some(size);
        let (index, old) = (at % size, at % size + 1);
        let whole = root(&leaves);
        let proof = inclusion(&leaves, index).expect("a proof");
        if let Some(bad) = changed(&proof, &change) {
            let (index, leaf) = (index as u64, &leaves[index]);
            prop_assert!(!verify_inclusion(index, size as u64, leaf, &bad, &whole));
        }
        let proof = consistency(&leaves, old).expect("a proof");
        if let Some(bad) = changed(&proof, &change) {
            let before = root(&leaves[..old]);
            prop_assert!(!verify_consistency(old as u64, size as u64, &before, &whole, &bad));
        }
    }

    #[test]
    fn a_changed_leaf_or_root_verifies_nothing(size in 1usize..=70, at in any::<usize>()) {
        let leaves = some(size);
        let (index, old) = (at % size, at % size + 1);
        let (whole, other) = (root(&leaves), node_hash(&leaves[0], &leaves[0]));
        let proof = inclusion(&leaves, index).expect("a proof");
        prop_assert!(!verify_inclusion(index as u64, size as u64, &other, &proof, &whole));
        prop_assert!(!verify_inclusion(index as u64, size as u64, &leaves[index], &proof, &other));
        let proof = consistency(&leaves, old).expect("a proof");
        let before = root(&leaves[..old]);
        let verify = |a: &Hash, b: &Hash| verify_consistency(old as u64, size as u64, a, b, &proof);
        prop_assert!(verify(&before, &whole));
        prop_assert!(!verify(&other, &whole) && !verify(&before, &other));
    }
}
