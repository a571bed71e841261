//! D2: writing or formatting block devices.

use super::protected;
use crate::policy::path::{Components, block_device, carried, resolve, show};
use crate::policy::walk::Walker;
use crate::policy::word::Arg;

/// The rule's id.
pub(in crate::policy) const RULE: &str = "deny.block_device";

/// Notes a write to a block device.
pub(in crate::policy) fn check(walker: &mut Walker<'_>, path: &Components, what: &str) {
    if block_device(path) {
        walker.deny(RULE, format!("This would write to a block device ({what} {}).", show(path)));
    }
}

fn operand(walker: &mut Walker<'_>, arg: &Arg, what: &str) {
    if !protected::is_below(walker, arg) {
        let path = walker.resolve(arg);
        check(walker, &path, what);
    }
}

/// Judges one command.
pub(in crate::policy) fn command(walker: &mut Walker<'_>, name: &str, args: &[Arg]) {
    let reads_only = |flags: &[&str]| args.iter().any(|arg| flags.contains(&arg.text()));
    match name {
        "dd" => {
            for arg in args.iter().filter(|arg| arg.text().starts_with("of=")) {
                operand(walker, &arg.tail(3), "dd of=");
            }
        }
        "cp" | "mv" | "install" | "rsync" => {
            if let Some(last) = args.iter().rfind(|arg| !arg.text().starts_with('-')) {
                operand(walker, last, name);
            }
        }
        "fdisk" | "sfdisk" | "parted" | "gdisk" | "sgdisk"
            if reads_only(&["-l", "-d", "-p", "--list", "--dump", "print"]) => {}
        "fdisk" | "sfdisk" | "cfdisk" | "parted" | "gdisk" | "sgdisk" | "wipefs" | "shred" | "tee"
        | "mke2fs" | "mkswap" | "mkdosfs" | "mkntfs" | "blkdiscard" | "pvcreate" | "truncate"
        | "cryptsetup" | "badblocks" | "sponge" | "fallocate" => {
            for arg in args {
                for units in carried(arg.units(), false) {
                    let path = resolve(&units, &walker.cwd);
                    check(walker, &path, name);
                }
            }
        }
        name if name.starts_with("mkfs") => {
            for arg in args {
                operand(walker, arg, name);
            }
        }
        _ => {}
    }
}
