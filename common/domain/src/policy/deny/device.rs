//! D2: writing or formatting block devices.

use super::protected;
use crate::policy::glob::Unit;
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
        // `/dev/$DISK`: which one, nobody knows, and none is meant that is no disk.
        let known: Vec<&Unit> = arg.units().iter().take_while(|unit| !unit.is_unknown()).collect();
        if !arg.is_known() && known.len() == 5 && show(&path) == "/dev" {
            walker.deny(RULE, format!("This would write to a device that nobody knows ({what})."));
        }
    }
}

/// Judges what options name as the file to write (`curl -o`, `sort --output=…`), whatever the program is.
fn written(walker: &mut Walker<'_>, name: &str, args: &[Arg]) {
    // Of these `-o` names no file.
    let other = matches!(
        name,
        "grep"
            | "egrep"
            | "fgrep"
            | "zgrep"
            | "rg"
            | "ag"
            | "ls"
            | "od"
            | "df"
            | "lsblk"
            | "lsof"
            | "ps"
            | "mount"
            | "ssh"
    );
    if other || !args.iter().any(|arg| arg.text().contains("/dev/")) {
        return;
    }
    let mut next = false;
    for arg in args {
        let text = arg.text();
        let attached =
            text.split_once('=').filter(|(option, _)| option.starts_with("--o") || *option == "hof");
        if std::mem::take(&mut next) {
            operand(walker, arg, name);
        } else if let Some((option, _)) = attached {
            operand(walker, &arg.tail(option.chars().count() + 1), name);
        } else if text.starts_with("-o/") || name == "wget" && text.starts_with("-O/") {
            operand(walker, &arg.tail(2), name);
        }
        next = matches!(text, "-o" | "-out" | "--out" | "--output" | "--output-document" | "--output-file")
            || name == "wget" && text == "-O";
    }
}

/// Judges one command.
pub(in crate::policy) fn command(walker: &mut Walker<'_>, name: &str, args: &[Arg]) {
    written(walker, name, args);
    let reads_only = |flags: &[&str]| args.iter().any(|arg| flags.contains(&arg.text()));
    match name {
        "dd" => {
            for arg in args.iter().filter(|arg| arg.text().starts_with("of=")) {
                operand(walker, &arg.tail(3), "dd of=");
            }
        }
        "dcfldd" | "dc3dd" => {
            for arg in
                args.iter().filter(|arg| arg.text().starts_with("of=") || arg.text().starts_with("wipe="))
            {
                let key = arg.text().find('=').map_or(0, |at| at + 1);
                operand(walker, &arg.tail(key), name);
            }
        }
        "ddrescue" => {
            if let Some(out) = args.iter().filter(|arg| !arg.text().starts_with('-')).nth(1) {
                operand(walker, out, name);
            }
        }
        "nvme"
            if args.first().is_some_and(|part| {
                matches!(part.text(), "format" | "sanitize" | "write" | "write-zeroes")
            }) =>
        {
            for arg in &args[1..] {
                operand(walker, arg, name);
            }
        }
        "qemu-img" if args.first().is_some_and(|part| matches!(part.text(), "convert" | "create" | "dd")) => {
            if let Some(out) = args.iter().rfind(|arg| !arg.text().starts_with('-')) {
                let own = usize::from(out.text().starts_with("of=")) * 3;
                operand(walker, &out.tail(own), name);
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
        | "cryptsetup" | "badblocks" | "sponge" | "fallocate" | "mkreiserfs" | "jfs_mkfs" | "vgcreate"
        | "vgextend" | "blkzone" | "integritysetup" | "veritysetup" | "nwipe" | "scrub" | "flash_erase"
        | "flashcp" | "nandwrite" | "ntfsclone" => {
            for arg in args {
                if name == "wipefs" || name == "shred" {
                    operand(walker, arg, name);
                }
                for units in carried(arg.units(), false) {
                    let path = resolve(&units, &walker.cwd);
                    check(walker, &path, name);
                }
            }
        }
        // These do other things as well.
        "bcachefs" | "mdadm" | "zpool" | "hdparm"
            if args.iter().any(|arg| {
                let text = arg.text();
                matches!(
                    text,
                    "format" | "create" | "add" | "labelclear" | "-C" | "--create" | "--zero-superblock"
                ) || text.starts_with("--security-erase")
                    || text.starts_with("--trim")
                    || text.starts_with("--write")
                    || text.starts_with("--make-bad")
            }) =>
        {
            for arg in args {
                operand(walker, arg, name);
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
