;; What happens to rows one by one between products of matrices; see wasm-heap.ts. Lengths are positive
;; multiples of 4.

  (func (export "copy") (param $to i32) (param $from i32) (param $bytes i32)
    (memory.copy (local.get $to) (local.get $from) (local.get $bytes)))

  ;; y = gate s(gate) up, s(g) = 1 / (1 + exp -g) = exp g / (1 + exp g): the one whose exponential is of a number <= 0
  (func (export "swiglu") (param $y i32) (param $gate i32) (param $up i32) (param $columns i32)
    (local $end i32) (local $g v128) (local $e v128)
    (local.set $end (i32.add (local.get $y) (i32.shl (local.get $columns) (i32.const 2))))
    (loop $next
      (local.set $g (v128.load align=4 (local.get $gate)))
      (local.set $e (call $exponential (f32x4.neg (f32x4.abs (local.get $g)))))
      (v128.store align=4 (local.get $y) (f32x4.mul
        (f32x4.mul (local.get $g) (f32x4.div
          (v128.bitselect (local.get $e) (v128.const f32x4 1 1 1 1)
            (f32x4.lt (local.get $g) (v128.const f32x4 0 0 0 0)))
          (f32x4.add (v128.const f32x4 1 1 1 1) (local.get $e))))
        (v128.load align=4 (local.get $up))))
      (local.set $gate (i32.add (local.get $gate) (i32.const 16)))
      (local.set $up (i32.add (local.get $up) (i32.const 16)))
      (br_if $next (i32.lt_u (local.tee $y (i32.add (local.get $y) (i32.const 16))) (local.get $end)))))

  ;; Gradients of gate and up from that of y: dgate = dy up s (1 + gate (1 - s)), dup = dy gate s.
  (func (export "swigluSlopes")
    (param $dgate i32) (param $dup i32) (param $gate i32) (param $up i32) (param $dy i32) (param $columns i32)
    (local $end i32) (local $g v128) (local $e v128) (local $isBelow v128) (local $closed v128) (local $open v128) (local $d v128)
    (local.set $end (i32.add (local.get $dy) (i32.shl (local.get $columns) (i32.const 2))))
    (loop $next
      (local.set $g (v128.load align=4 (local.get $gate)))
      (local.set $e (call $exponential (f32x4.neg (f32x4.abs (local.get $g)))))
      ;; s and 1 - s: the two shares of 1 and e, each to its full precision
      (local.set $open (f32x4.div (v128.const f32x4 1 1 1 1) (f32x4.add (v128.const f32x4 1 1 1 1) (local.get $e))))
      (local.set $closed (f32x4.mul (local.get $e) (local.get $open)))
      (local.set $isBelow (f32x4.lt (local.get $g) (v128.const f32x4 0 0 0 0)))
      (local.set $e (v128.bitselect (local.get $open) (local.get $closed) (local.get $isBelow)))
      (local.set $open (v128.bitselect (local.get $closed) (local.get $open) (local.get $isBelow)))
      (local.set $d (f32x4.mul (v128.load align=4 (local.get $dy)) (local.get $open)))
      (v128.store align=4 (local.get $dup) (f32x4.mul (local.get $d) (local.get $g)))
      (v128.store align=4 (local.get $dgate) (f32x4.mul
        (f32x4.mul (local.get $d) (v128.load align=4 (local.get $up)))
        (f32x4.add (v128.const f32x4 1 1 1 1) (f32x4.mul (local.get $g) (local.get $e)))))
      (local.set $gate (i32.add (local.get $gate) (i32.const 16)))
      (local.set $up (i32.add (local.get $up) (i32.const 16)))
      (local.set $dgate (i32.add (local.get $dgate) (i32.const 16)))
      (local.set $dup (i32.add (local.get $dup) (i32.const 16)))
      (br_if $next (i32.lt_u (local.tee $dy (i32.add (local.get $dy) (i32.const 16))) (local.get $end)))))

  ;; y = x inverse gain and returns inverse = 1 / sqrt(mean x^2 + epsilon). In float64 up to x inverse: squares would overflow.
  (func (export "rmsNorm")
    (param $y i32) (param $x i32) (param $gain i32) (param $columns i32) (param $epsilon f64) (result f64)
    (local $at i32) (local $end i32) (local $v v128) (local $low v128) (local $high v128) (local $inverse f64)
    (local.set $end (i32.shl (local.get $columns) (i32.const 2)))
    (loop $square
      (local.set $v (v128.load align=4 (i32.add (local.get $x) (local.get $at))))
      (local.set $low (f64x2.add (local.get $low)
        (f64x2.mul (f64x2.promote_low_f32x4 (local.get $v)) (f64x2.promote_low_f32x4 (local.get $v)))))
      (local.set $v (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $v) (local.get $v)))
      (local.set $high (f64x2.add (local.get $high)
        (f64x2.mul (f64x2.promote_low_f32x4 (local.get $v)) (f64x2.promote_low_f32x4 (local.get $v)))))
      (br_if $square (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
    (local.set $low (f64x2.add (local.get $low) (local.get $high)))
    (local.set $inverse (f64.div (f64.const 1) (f64.sqrt (f64.add (local.get $epsilon) (f64.div
      (f64.add (f64x2.extract_lane 0 (local.get $low)) (f64x2.extract_lane 1 (local.get $low)))
      (f64.convert_i32_u (local.get $columns)))))))
    (local.set $at (i32.const 0))
    (loop $scale
      (v128.store align=4 (i32.add (local.get $y) (local.get $at)) (f32x4.mul
        (call $scaled (v128.load align=4 (i32.add (local.get $x) (local.get $at))) (local.get $inverse))
        (v128.load align=4 (i32.add (local.get $gain) (local.get $at)))))
      (br_if $scale (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
    (local.get $inverse))

  ;; dx = (dy gain - xhat mean(dy gain xhat)) inverse, xhat = x inverse
  (func (export "rmsNormSlopes")
    (param $dx i32) (param $x i32) (param $gain i32) (param $dy i32) (param $columns i32) (param $inverse f64)
    (local $at i32) (local $end i32) (local $v v128) (local $low v128) (local $high v128) (local $along f64)
    (local.set $end (i32.shl (local.get $columns) (i32.const 2)))
    ;; dx holds xhat meanwhile
    (loop $along
      (local.set $v (call $scaled (v128.load align=4 (i32.add (local.get $x) (local.get $at))) (local.get $inverse)))
      (v128.store align=4 (i32.add (local.get $dx) (local.get $at)) (local.get $v))
      (local.set $v (f32x4.mul (local.get $v) (f32x4.mul
        (v128.load align=4 (i32.add (local.get $dy) (local.get $at)))
        (v128.load align=4 (i32.add (local.get $gain) (local.get $at))))))
      (local.set $low (f64x2.add (local.get $low) (f64x2.promote_low_f32x4 (local.get $v))))
      (local.set $high (f64x2.add (local.get $high) (f64x2.promote_low_f32x4
        (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $v) (local.get $v)))))
      (br_if $along (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
    (local.set $low (f64x2.add (local.get $low) (local.get $high)))
    (local.set $along (f64.div
      (f64.add (f64x2.extract_lane 0 (local.get $low)) (f64x2.extract_lane 1 (local.get $low)))
      (f64.convert_i32_u (local.get $columns))))
    (local.set $at (i32.const 0))
    (loop $slope
      (v128.store align=4 (i32.add (local.get $dx) (local.get $at)) (call $scaled
        (f32x4.sub
          (f32x4.mul
            (v128.load align=4 (i32.add (local.get $dy) (local.get $at)))
            (v128.load align=4 (i32.add (local.get $gain) (local.get $at))))
          (call $scaled (v128.load align=4 (i32.add (local.get $dx) (local.get $at))) (local.get $along)))
        (local.get $inverse)))
      (br_if $slope (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end)))))

  ;; Four numbers times a factor in float64.
  (func $scaled (param $v v128) (param $factor f64) (result v128)
    (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
      (f32x4.demote_f64x2_zero
        (f64x2.mul (f64x2.promote_low_f32x4 (local.get $v)) (f64x2.splat (local.get $factor))))
      (f32x4.demote_f64x2_zero
        (f64x2.mul
          (f64x2.promote_low_f32x4
            (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $v) (local.get $v)))
          (f64x2.splat (local.get $factor))))))

  ;; (a, b) = (a cos - b sin, a sin + b cos) in place, for the two halves of each of `heads` heads one after another
  (func (export "rotate") (param $row i32) (param $cosines i32) (param $sines i32) (param $half i32) (param $heads i32)
    (local $at i32) (local $a v128) (local $b v128) (local $cosine v128) (local $sine v128)
    (local.set $half (i32.shl (local.get $half) (i32.const 2)))
    (loop $head
      (local.set $at (i32.const 0))
      (loop $pair
        (local.set $a (v128.load align=4 (local.get $row)))
        (local.set $b (v128.load align=4 (i32.add (local.get $row) (local.get $half))))
        (local.set $cosine (v128.load align=4 (i32.add (local.get $cosines) (local.get $at))))
        (local.set $sine (v128.load align=4 (i32.add (local.get $sines) (local.get $at))))
        (v128.store align=4 (local.get $row) (f32x4.sub
          (f32x4.mul (local.get $a) (local.get $cosine)) (f32x4.mul (local.get $b) (local.get $sine))))
        (v128.store align=4 (i32.add (local.get $row) (local.get $half)) (f32x4.add
          (f32x4.mul (local.get $a) (local.get $sine)) (f32x4.mul (local.get $b) (local.get $cosine))))
        (local.set $row (i32.add (local.get $row) (i32.const 16)))
        (br_if $pair (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $half))))
      (local.set $row (i32.add (local.get $row) (local.get $half)))
      (br_if $head (local.tee $heads (i32.sub (local.get $heads) (i32.const 1))))))

  ;; The largest number; NaN if there is one.
  (func (export "highest") (param $x i32) (param $columns i32) (result f32)
    (local $end i32) (local $highest v128)
    (local.set $end (i32.add (local.get $x) (i32.shl (local.get $columns) (i32.const 2))))
    (local.set $highest (v128.load align=4 (local.get $x)))
    (loop $next
      (local.set $highest (f32x4.max (local.get $highest) (v128.load align=4 (local.get $x))))
      (br_if $next (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 16))) (local.get $end))))
    (f32.max
      (f32.max (f32x4.extract_lane 0 (local.get $highest)) (f32x4.extract_lane 1 (local.get $highest)))
      (f32.max (f32x4.extract_lane 2 (local.get $highest)) (f32x4.extract_lane 3 (local.get $highest)))))

  ;; The sum of exp(x - highest), added up in float64: there may be a hundred thousand of them.
  (func (export "sumExponentials") (param $x i32) (param $columns i32) (param $highest f32) (result f64)
    (local $end i32) (local $y v128) (local $low v128) (local $high v128)
    (local.set $end (i32.add (local.get $x) (i32.shl (local.get $columns) (i32.const 2))))
    (loop $next
      (local.set $y (call $exponential
        (f32x4.sub (v128.load align=4 (local.get $x)) (f32x4.splat (local.get $highest)))))
      (local.set $low (f64x2.add (local.get $low) (f64x2.promote_low_f32x4 (local.get $y))))
      (local.set $high (f64x2.add (local.get $high) (f64x2.promote_low_f32x4
        (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $y) (local.get $y)))))
      (br_if $next (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 16))) (local.get $end))))
    (local.set $low (f64x2.add (local.get $low) (local.get $high)))
    (f64.add (f64x2.extract_lane 0 (local.get $low)) (f64x2.extract_lane 1 (local.get $low))))
