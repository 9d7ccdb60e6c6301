// The entry points of libgomp that the pool needs: the compiler is used without OpenMP support.
#ifndef OMP_ABI_H
#define OMP_ABI_H

extern void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
extern int omp_in_parallel(void);
extern void omp_set_num_threads(int count);

#endif
