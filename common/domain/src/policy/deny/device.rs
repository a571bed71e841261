//! D2: writing or formatting block devices.

use crate::policy::glob::Unit;
use crate::policy::path::{block_device, carried, resolve, show};
use crate::policy::walk::Walker;
use crate::policy::word::Arg;

/// The rule's id.
pub(in crate::policy) const RULE: &str = "deny.block_device";

/// Notes a write to a block device.
pub(in crate::policy) fn check(walker: &mut Walker<'_>, units: &[Unit], what: &str) {
    let path = resolve(units, &walker.cwd);
    if block_device(&path) {
        walker.deny(RULE, format!("This would write to a block device ({what} {}).", show(&path)));
    }
}

/// Judges one command.
pub(in crate::policy) fn command(walker: &mut Walker<'_>, name: &str, args: &[Arg]) {
    let reads_only = |flags: &[&str]| args.iter().any(|arg| flags.contains(&arg.text()));
    match name {
        "dd" => {
            for arg in args.iter().filter(|arg| arg.text().starts_with("of=")) {
                check(walker, &arg.tail(3).units, "dd of=");
            }
        }
        "cp" | "mv" | "install" | "rsync" => {
            if let Some(last) = args.iter().rfind(|arg| !arg.text().starts_with('-')) {
                check(walker, &last.units, name);
            }
        }
        "fdisk" | "sfdisk" | "parted" | "gdisk" | "sgdisk"
            if reads_only(&["-l", "-d", "-p", "--list", "--dump", "print"]) => {}
        "fdisk" | "sfdisk" | "cfdisk" | "parted" | "gdisk" | "sgdisk" | "wipefs" | "shred" | "tee"
        | "mke2fs" | "mkswap" | "mkdosfs" | "mkntfs" | "blkdiscard" | "pvcreate" | "truncate"
        | "cryptsetup" | "badblocks" | "sponge" | "fallocate" => {
            for arg in args {
                for units in carried(&arg.units) {
                    check(walker, &units, name);
                }
            }
        }
        name if name.starts_with("mkfs") => {
            for arg in args {
                check(walker, &arg.units, name);
            }
        }
        _ => {}
    }
}
