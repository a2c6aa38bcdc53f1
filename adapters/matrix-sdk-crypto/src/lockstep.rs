//! Time and randomness of the thread that a run is in: both stand in the place of the operating system's, so that code that
//! asks for them gets the run's own. It does not know who asks, nor what for.
//!
//! The symbols below shadow those of the C library for the whole program. On a thread that is in no run they ask the kernel.

#![allow(
    unsafe_code,
    reason = "C symbols are defined here, and the kernel is called where no run is"
)]

use std::cell::Cell;

use withheld::time::SimTime;

/// The Unix time at which every run begins, in seconds: a Tuesday in 2023. It lies in the past, so that no key looks new.
const EPOCH_SECONDS: u64 = 1_700_000_000;

/// What a clock that counts from an arbitrary time shows when a run begins.
const MONOTONIC_START_SECONDS: u64 = 1_000_000;

/// The time and the randomness of a run.
#[derive(Clone, Copy)]
struct Lockstep {
    now: SimTime,
    state: u64,
}

thread_local! {
    static LOCKSTEP: Cell<Option<Lockstep>> = const { Cell::new(None) };
}

/// From here on this thread is in a run: time is that of [`set_clock`], randomness comes from `seed`.
pub fn enter(seed: u64) {
    LOCKSTEP.set(Some(Lockstep { now: SimTime::ZERO, state: seed ^ 0x6a09_e667_f3bc_c908 }));
}

/// This thread is in no run any more.
pub fn leave() {
    LOCKSTEP.set(None);
}

/// The clock of the device that acts now.
pub fn set_clock(now: SimTime) {
    if let Some(lockstep) = LOCKSTEP.get() {
        LOCKSTEP.set(Some(Lockstep { now, ..lockstep }));
    }
}

/// The Unix time, in milliseconds, that a virtual time stands for.
#[must_use]
pub const fn unix_ms(at: SimTime) -> u64 {
    EPOCH_SECONDS * 1_000 + at.as_ms()
}

/// How long this thread has worked, in nanoseconds of a processor: whatever else the machine does meanwhile does not count. It is for
/// measuring, in a run too, and nothing goes by it.
#[must_use]
pub fn cpu_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let place = std::ptr::from_mut(&mut time) as usize;
    let arguments = [libc::CLOCK_THREAD_CPUTIME_ID as usize, place, 0, 0, 0, 0];
    // SAFETY: `clock_gettime` writes a `timespec` to where one is.
    unsafe { kernel(libc::SYS_clock_gettime, arguments) };
    let (seconds, rest) = (u64::try_from(time.tv_sec), u64::try_from(time.tv_nsec));
    seconds.unwrap_or(0) * 1_000_000_000 + rest.unwrap_or(0)
}

/// Fills `bytes` from the run's stream (`SplitMix64`); false on a thread that is in no run.
fn fill(bytes: &mut [u8]) -> bool {
    let Some(mut lockstep) = LOCKSTEP.get() else { return false };
    for chunk in bytes.chunks_mut(8) {
        lockstep.state = lockstep.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = lockstep.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^= word >> 31;
        chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]);
    }
    LOCKSTEP.set(Some(lockstep));
    true
}

/// `clock_gettime(2)`.
///
/// # Safety
/// As in C: `time` points to a `timespec` that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(
    clock: libc::clockid_t,
    time: *mut libc::timespec,
) -> libc::c_int {
    let Some(Lockstep { now, .. }) = LOCKSTEP.get() else {
        let arguments = [clock as usize, time as usize, 0, 0, 0, 0];
        // SAFETY: the arguments are the caller's own, who vouches for them.
        return unsafe { kernel(libc::SYS_clock_gettime, arguments) } as libc::c_int;
    };
    let start = match clock {
        libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE => EPOCH_SECONDS,
        _ => MONOTONIC_START_SECONDS,
    };
    let ms = start * 1_000 + now.as_ms();
    // SAFETY: the caller vouches for the pointer.
    unsafe {
        (*time).tv_sec = (ms / 1_000) as libc::time_t;
        (*time).tv_nsec = (ms % 1_000 * 1_000_000) as libc::c_long;
    }
    0
}

/// `getrandom(2)`.
///
/// # Safety
/// As in C: `buffer` points to `length` bytes that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getrandom(
    buffer: *mut libc::c_void,
    length: libc::size_t,
    flags: libc::c_uint,
) -> libc::ssize_t {
    if length > 0 {
        // SAFETY: the caller vouches for the bytes; they need not be initialised to be written, and `fill` does not read them.
        let bytes = unsafe {
            std::ptr::write_bytes(buffer.cast::<u8>(), 0, length);
            std::slice::from_raw_parts_mut(buffer.cast::<u8>(), length)
        };
        if fill(bytes) {
            return length as libc::ssize_t;
        }
    }
    // SAFETY: the arguments are the caller's own, who vouches for them.
    unsafe {
        kernel(libc::SYS_getrandom, [buffer as usize, length, flags as usize, 0, 0, 0])
            as libc::ssize_t
    }
}

/// `syscall(2)`, by which some libraries ask for randomness. In C it takes as many arguments as the call needs; arguments of a
/// variadic function are passed like those of any other on this machine, so what a caller leaves out is only garbage that the
/// kernel does not look at.
///
/// # Safety
/// As in C: the call must be sound with these arguments.
#[allow(clippy::too_many_arguments, reason = "the kernel takes six")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn syscall(
    number: libc::c_long,
    one: usize,
    two: usize,
    three: usize,
    four: usize,
    five: usize,
    six: usize,
) -> libc::c_long {
    if number == libc::SYS_getrandom {
        // SAFETY: the caller vouches for what would be the arguments of `getrandom`.
        return unsafe { getrandom(one as *mut libc::c_void, two, three as libc::c_uint) }
            as libc::c_long;
    }
    // SAFETY: the arguments are the caller's own, who vouches for them.
    unsafe { kernel(number, [one, two, three, four, five, six]) as libc::c_long }
}

/// A system call. A negative result is stored in `errno`, as the C library does.
///
/// # Safety
/// The call must be sound with these arguments.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
unsafe fn kernel(number: libc::c_long, arguments: [usize; 6]) -> isize {
    let [one, two, three, four, five, six] = arguments;
    let mut result: isize = number as isize;
    // SAFETY: this is how the kernel is called on this machine; it changes `rax`, `rcx`, `r11` and what the arguments point to.
    unsafe {
        std::arch::asm!(
            "syscall",
            inlateout("rax") result,
            in("rdi") one,
            in("rsi") two,
            in("rdx") three,
            in("r10") four,
            in("r8") five,
            in("r9") six,
            out("rcx") _,
            out("r11") _,
            options(nostack),
        );
        if result < 0 {
            *libc::__errno_location() = -result as libc::c_int;
            result = -1;
        }
    }
    result
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
compile_error!("time and randomness are taken over on 64-bit Linux on x86 only");

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::time::{Duration, Instant, SystemTime};

    use withheld::time::SimTime;

    use super::{enter, leave, set_clock, unix_ms};

    fn on_a_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| scope.spawn(work).join().unwrap())
    }

    #[test]
    fn time_stands_still_until_it_is_set() {
        on_a_thread(|| {
            enter(1);
            let (instant, system) = (Instant::now(), SystemTime::now());
            assert_eq!(Instant::now(), instant);
            set_clock(SimTime::from_ms(1_500));
            assert_eq!(instant.elapsed(), Duration::from_millis(1_500));
            assert_eq!(system.elapsed().unwrap(), Duration::from_millis(1_500));
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
            assert_eq!(since.as_millis(), u128::from(unix_ms(SimTime::from_ms(1_500))));
            let worked = super::cpu_ns();
            while super::cpu_ns() == worked {}
            leave();
            assert!(system.elapsed().unwrap() > Duration::from_secs(86_400), "time runs again");
        });
    }

    /// What a seed decides: the order of a hash map, the keys of an account.
    fn drawn(seed: u64) -> (Vec<u32>, String, String) {
        on_a_thread(|| {
            enter(seed);
            let map: HashMap<u32, ()> = (0..50).map(|key| (key, ())).collect();
            let account = vodozemac::olm::Account::new();
            let transaction = ruma::TransactionId::new().to_string();
            (map.into_keys().collect(), account.curve25519_key().to_base64(), transaction)
        })
    }

    #[test]
    fn a_seed_decides_everything_that_is_random() {
        let (one, again, other) = (drawn(7), drawn(7), drawn(8));
        assert_eq!(one, again);
        assert!(one.0 != other.0 && one.1 != other.1 && one.2 != other.2, "{one:?} {other:?}");
        let free = on_a_thread(|| ruma::TransactionId::new().to_string());
        assert_ne!(free, on_a_thread(|| ruma::TransactionId::new().to_string()));
    }
}
